// How a queue's calls find their agents.
import { useState } from 'react'
import type { Queue, Schemas } from '@/api/types'
import { useTexts } from '@/i18n/use-texts'
import type { Form } from '@/lib/use-form'
import { Checkbox, Select } from '@/ui'
import { useEntries } from '../directory'
import { Group, NumberField } from '../form-parts'
import { Rows } from '../rows'
import { SkillNeeds } from './skill-needs'

type Routing = Schemas['QueueRouting']
type Strategy = Schemas['Strategy']
type AgentProfile = Schemas['AgentProfile']

const DEFAULT_IDLE: Required<Schemas['IdleRules']> = { is_per_queue: false, is_reset_by_other_calls: true, is_reset_by_pauses: true }
export const DEFAULT_ROUTING: Required<Routing> = { strategy: { by: 'longest_idle' }, any_skills: [], any_groups: [], no_skills: [], idle: DEFAULT_IDLE, ahead_secs: 0, steps: [], skips_empty_steps: true, promote_secs: 600, prefers_owner: null, prefers_last: null, prefers_team_secs: null, head_start_secs: {}, talking_max: null, rings: 1, strikes_max: 1, excluded_secs: 20 }

const STRATEGIES = ['longest_idle', 'least_occupied', 'fewest_calls', 'least_talk', 'round_robin', 'linear', 'random', 'percent', 'best_fit'] as const
const SEGMENTS = ['gold', 'silver', 'standard'] as const
const WEIGHT_USUAL = 10
const BETWEEN_EQUALS = ['longest_idle', 'least_occupied', 'fewest_calls', 'least_talk'] as const

export function routingOf(queue: Queue): Required<Routing> {
  return { ...DEFAULT_ROUTING, ...queue.routing }
}

/** What is out of its bounds, before the server is asked. */
export function routingMistakes(queue: Queue, range: (value: number, least: number, most: number) => string | undefined): Record<string, string | undefined> {
  const { strategy, any_skills: any, any_groups: groups, no_skills: none, excluded_secs: excluded, ahead_secs: ahead, steps, promote_secs: promote, prefers_owner: owner, prefers_last: last, prefers_team_secs: team, head_start_secs: heads, talking_max: talking, rings, strikes_max: strikes } = routingOf(queue)
  const weights = strategy.by === 'best_fit' ? Object.entries(strategy.weights ?? {}).map(([skill, weight]) => [`routing.strategy.weights.${skill}`, range(weight, 1, 100)]) : isWeighted(strategy) ? Object.entries(weightsOf(strategy)).map(([agent, weight]) => [`routing.strategy.${weightField(strategy)}.${agent}`, range(weight, 1, 100)]) : []
  const levels = (field: string, needs: readonly Schemas['SkillNeed'][] = []) => needs.map((need, n) => [`${field}[${n}].level`, range(need.level, 1, 10)])
  return {
    ...Object.fromEntries(steps.flatMap((step, i) => [[`routing.steps[${i}].after_secs`, range(step.after_secs, (steps[i - 1]?.after_secs ?? 0) + 1, 86_400)], ...levels(`routing.steps[${i}].skills`, step.skills), ...levels(`routing.steps[${i}].any_skills`, step.any_skills), ...levels(`routing.steps[${i}].no_skills`, step.no_skills), ...(step.any_groups ?? []).flatMap((group, n) => levels(`routing.steps[${i}].any_groups[${n}]`, group))])),
    ...Object.fromEntries(weights),
    ...Object.fromEntries([...levels('routing.any_skills', any), ...levels('routing.no_skills', none), ...groups.flatMap((group, n) => levels(`routing.any_groups[${n}]`, group))]),
    'routing.ahead_secs': range(ahead, 0, 3_600),
    ...Object.fromEntries(Object.entries(heads).map(([segment, secs]) => [`routing.head_start_secs.${segment}`, range(secs, 0, 3_600)])),
    'routing.promote_secs': promote === null ? undefined : range(promote, 1, 86_400),
    'routing.prefers_owner.secs': owner === null ? undefined : range(owner.secs, 1, 600),
    'routing.prefers_team_secs': team === null ? undefined : range(team, 1, 600),
    'routing.prefers_last.secs': last === null ? undefined : range(last.secs, 1, 600),
    'routing.prefers_last.days': last === null ? undefined : range(last.days, 1, 365),
    'routing.talking_max': talking === null ? undefined : range(talking, 1, 10_000),
    'routing.rings': range(rings, 1, 20),
    'routing.strikes_max': range(strikes, 1, 20),
    'routing.excluded_secs': range(excluded, 0, 600),
  }
}

/** A number that may be absent: a switch, and the number while it is on. */
function Limit({ label, unit, value, usual, onChange, error, 'data-testid': testId }: { label: string; unit?: string; value: number | null; usual: number; onChange: (value: number | null) => void; error: string | undefined; 'data-testid': string }) {
  return (
    <div className="flex flex-col gap-1">
      <Checkbox isSelected={value !== null} onChange={(isOn) => onChange(isOn ? usual : null)} data-testid={testId}>
        {label}
      </Checkbox>
      {value !== null && <NumberField label={label} isLabelHidden {...(unit === undefined ? {} : { unit })} value={value} onChange={onChange} error={error} className="ml-6 w-32" data-testid={`${testId}-value`} />}
    </div>
  )
}

/** The strategies that give each agent a number. */
type Weighted = Extract<Strategy, { by: 'random' | 'percent' }>

function isWeighted(strategy: Strategy): strategy is Weighted {
  return strategy.by === 'random' || strategy.by === 'percent'
}

function weightsOf(strategy: Weighted): Record<string, number> {
  return strategy.by === 'random' ? strategy.weights : strategy.shares
}

function weightField(strategy: Weighted): 'weights' | 'shares' {
  return strategy.by === 'random' ? 'weights' : 'shares'
}

/** Agents one by one: in an order, or with a weight or share each. */
function AgentRows({ strategy, agents, onChange, errorOf }: { strategy: Extract<Strategy, { by: 'linear' | 'random' | 'percent' }>; agents: readonly AgentProfile[]; onChange: (strategy: Strategy) => void; errorOf: (field: string) => string | undefined }) {
  const { t } = useTexts('admin')
  // In rows of its own: an object would sort agents whose keys are numbers.
  const [named, setNamed] = useState<ReadonlyArray<readonly [string, number]>>(() => (strategy.by === 'linear' ? strategy.order.map((agent) => [agent, WEIGHT_USUAL] as const) : Object.entries(weightsOf(strategy))))
  const change = (rows: ReadonlyArray<readonly [string, number]>) => {
    setNamed(rows)
    onChange(strategy.by === 'linear' ? { by: 'linear', order: rows.map(([agent]) => agent) } : strategy.by === 'random' ? { by: 'random', weights: Object.fromEntries(rows) } : { by: 'percent', shares: Object.fromEntries(rows) })
  }
  const part = strategy.by === 'linear' ? 'order' : weightField(strategy)
  const left = agents.filter((agent) => !named.some(([id]) => id === agent.id))
  const pathOf = (agent: string, index: number) => (strategy.by === 'linear' ? `routing.strategy.order[${index}]` : `routing.strategy.${weightField(strategy)}.${agent}`)
  return (
    <Rows<readonly [string, number]>
      title={t(`queue_routing.${part}`)}
      help={t(`queue_routing.${part}_help`)}
      error={errorOf(`routing.strategy.${part}`)}
      rows={named}
      onChange={change}
      blank={() => [left[0]?.id ?? '', WEIGHT_USUAL]}
      addText={t('queue_routing.add_agent')}
      canAdd={left.length > 0}
      data-testid="rows-routing-agents"
    >
      {([agent, weight], set, index) => (
        <div className="grid min-w-0 flex-1 grid-cols-[1fr_6rem] items-end gap-2">
          <Select
            label={t('queue_routing.agent')}
            isLabelHidden={index > 0}
            choices={agents.filter((one) => one.id === agent || left.includes(one)).map((one) => ({ id: one.id, label: one.name }))}
            value={agent === '' ? null : agent}
            onChange={(id) => set([id, weight])}
            placeholder={t('choose')}
            error={strategy.by === 'linear' ? errorOf(pathOf(agent, index)) : undefined}
          />
          {strategy.by !== 'linear' && <NumberField label={t(strategy.by === 'random' ? 'queue_routing.weight' : 'queue_routing.share')} {...(strategy.by === 'percent' ? { unit: '%' } : {})} isLabelHidden={index > 0} value={weight} onChange={(value) => set([agent, value])} error={errorOf(pathOf(agent, index))} />}
        </div>
      )}
    </Rows>
  )
}

/** How much each skill counts, and what decides between equal ones. */
function FitFields({ strategy, onChange, errorOf }: { strategy: Extract<Strategy, { by: 'best_fit' }>; onChange: (strategy: Strategy) => void; errorOf: (field: string) => string | undefined }) {
  const { t } = useTexts('admin')
  const { data: skills = [] } = useEntries<Schemas['Skill']>('/skills')
  const [named, setNamed] = useState<ReadonlyArray<readonly [string, number]>>(() => Object.entries(strategy.weights ?? {}))
  const change = (rows: ReadonlyArray<readonly [string, number]>) => {
    setNamed(rows)
    onChange({ ...strategy, weights: Object.fromEntries(rows) })
  }
  const left = skills.filter((skill) => !named.some(([id]) => id === skill.id))
  return (
    <>
      <Rows<readonly [string, number]> title={t('queue_routing.fit_weights')} help={t('queue_routing.fit_weights_help')} rows={named} onChange={change} blank={() => [left[0]?.id ?? '', 1]} addText={t('queue_routing.add_weight')} canAdd={left.length > 0} data-testid="rows-fit-weights">
        {([skill, weight], set, index) => (
          <div className="grid min-w-0 flex-1 grid-cols-[1fr_6rem] items-end gap-2">
            <Select label={t('field.skill')} isLabelHidden={index > 0} choices={skills.filter((one) => one.id === skill || left.includes(one)).map((one) => ({ id: one.id, label: one.name }))} value={skill === '' ? null : skill} onChange={(id) => set([id, weight])} placeholder={t('choose')} />
            <NumberField label={t('queue_routing.weight')} isLabelHidden={index > 0} value={weight} onChange={(value) => set([skill, value])} error={errorOf(`routing.strategy.weights.${skill}`)} />
          </div>
        )}
      </Rows>
      <Select label={t('queue_routing.then')} choices={BETWEEN_EQUALS.map((id) => ({ id, label: t(`queue_routing.by.${id}`) }))} value={strategy.then ?? 'longest_idle'} onChange={(id) => onChange({ ...strategy, then: BETWEEN_EQUALS.find((one) => one === id) ?? 'longest_idle' })} data-testid="field-then" />
    </>
  )
}

/** Lists of skills, of which an agent needs one each. */
function SkillGroups({ groups, field, onChange, errorOf, 'data-testid': testId }: { groups: readonly Schemas['SkillNeed'][][]; field: string; onChange: (groups: Schemas['SkillNeed'][][]) => void; errorOf: (field: string) => string | undefined; 'data-testid': string }) {
  const { t } = useTexts('admin')
  return (
    <Rows<Schemas['SkillNeed'][]> title={t('queue_routing.any_groups')} rows={groups} onChange={onChange} blank={() => []} addText={t('queue_routing.add_group')} canAdd={groups.length < 10} error={errorOf(field)} data-testid={testId}>
      {(group, set, index) => (
        <div className="min-w-0 flex-1 border-l-2 border-line pl-3">
          <SkillNeeds title={t('queue_routing.group')} addText={t('queue_routing.add_any')} needs={group} field={`${field}[${index}]`} noneText={errorOf(`${field}[${index}]`) ?? t('queue_routing.group_none')} onChange={set} errorOf={errorOf} />
        </div>
      )}
    </Rows>
  )
}

export function QueueRoutingFields({ form }: { form: Form<Queue> }) {
  const { t } = useTexts('admin')
  const { data: agents = [] } = useEntries<AgentProfile>('/agents')
  const routing = routingOf(form.values)
  const set = (part: Partial<Routing>) => form.set('routing', { ...routing, ...part })
  const { strategy } = routing
  const idle = { ...DEFAULT_IDLE, ...routing.idle }
  const choose = (id: string) => {
    const by = STRATEGIES.find((one) => one === id) ?? 'longest_idle'
    set({ strategy: by === 'linear' ? { by, order: [] } : by === 'random' ? { by, weights: {} } : by === 'percent' ? { by, shares: {} } : { by } })
  }
  return (
    <Group title={t('queue_routing.title')}>
      <Select
        label={t('queue_routing.strategy')}
        choices={STRATEGIES.map((id) => ({ id, label: t(`queue_routing.by.${id}`), detail: t(`queue_routing.by_detail.${id}`) }))}
        value={strategy.by}
        onChange={choose}
        error={form.errorOf('routing.strategy')}
        data-testid="field-strategy"
      />
      {(strategy.by === 'linear' || isWeighted(strategy)) && <AgentRows key={strategy.by} strategy={strategy} agents={agents} onChange={(next) => set({ strategy: next })} errorOf={form.errorOf} />}
      <SkillNeeds title={t('queue_routing.any_skills')} addText={t('queue_routing.add_any')} needs={routing.any_skills} field="routing.any_skills" noneText={t('queue_routing.any_none')} onChange={(skills) => set({ any_skills: skills })} errorOf={form.errorOf} />
      {strategy.by === 'best_fit' && <FitFields strategy={strategy} onChange={(next) => set({ strategy: next })} errorOf={form.errorOf} />}
      <fieldset className="flex flex-col gap-1">
        <legend className="mb-1 text-xs font-medium text-ink-2">{t('queue_routing.idle')}</legend>
        <Checkbox isSelected={idle.is_per_queue} onChange={(isOn) => set({ idle: { ...idle, is_per_queue: isOn } })} data-testid="field-idle-per-queue">
          {t('queue_routing.idle_per_queue')}
        </Checkbox>
        <Checkbox isSelected={idle.is_reset_by_other_calls} onChange={(isOn) => set({ idle: { ...idle, is_reset_by_other_calls: isOn } })} data-testid="field-idle-other-calls">
          {t('queue_routing.idle_other_calls')}
        </Checkbox>
        <Checkbox isSelected={idle.is_reset_by_pauses} onChange={(isOn) => set({ idle: { ...idle, is_reset_by_pauses: isOn } })} data-testid="field-idle-pauses">
          {t('queue_routing.idle_pauses')}
        </Checkbox>
      </fieldset>
      <SkillGroups groups={routing.any_groups} field="routing.any_groups" onChange={(groups) => set({ any_groups: groups })} errorOf={form.errorOf} data-testid="rows-any-groups" />
      <SkillNeeds title={t('queue_routing.no_skills')} addText={t('queue_routing.add_none')} needs={routing.no_skills} field="routing.no_skills" noneText={t('queue_routing.no_none')} onChange={(skills) => set({ no_skills: skills })} errorOf={form.errorOf} />
      <Rows<Schemas['RoutingStep']>
        title={t('queue_routing.steps')}
        help={t('queue_routing.steps_help')}
        rows={routing.steps}
        onChange={(steps) => set({ steps })}
        blank={() => ({ after_secs: (routing.steps.at(-1)?.after_secs ?? 0) + 30, skills: [] })}
        addText={t('queue_routing.add_step')}
        error={form.errorOf('routing.steps')}
        data-testid="rows-routing-steps"
      >
        {(step, change, index) => (
          <div className="flex min-w-0 flex-1 flex-col gap-1.5 border-l-2 border-line pl-3">
            <NumberField label={t('queue_routing.after')} unit="s" value={step.after_secs} onChange={(secs) => change({ ...step, after_secs: secs })} error={form.errorOf(`routing.steps[${index}].after_secs`)} className="w-32" />
            <SkillNeeds title={t('queue_routing.step_skills')} needs={step.skills} field={`routing.steps[${index}].skills`} noneText={t('queue_routing.anyone')} onChange={(skills) => change({ ...step, skills })} errorOf={form.errorOf} />
            <SkillNeeds title={t('queue_routing.any_skills')} addText={t('queue_routing.add_any')} needs={step.any_skills ?? []} field={`routing.steps[${index}].any_skills`} noneText={t('queue_routing.any_none')} onChange={(skills) => change({ ...step, any_skills: skills })} errorOf={form.errorOf} />
            <SkillGroups groups={step.any_groups ?? []} field={`routing.steps[${index}].any_groups`} onChange={(groups) => change({ ...step, any_groups: groups })} errorOf={form.errorOf} data-testid={`rows-step-groups-${index}`} />
            <SkillNeeds title={t('queue_routing.no_skills')} addText={t('queue_routing.add_none')} needs={step.no_skills ?? []} field={`routing.steps[${index}].no_skills`} noneText={t('queue_routing.no_none')} onChange={(skills) => change({ ...step, no_skills: skills })} errorOf={form.errorOf} />
          </div>
        )}
      </Rows>
      {routing.steps.length > 0 && (
        <Checkbox isSelected={routing.skips_empty_steps} onChange={(isOn) => set({ skips_empty_steps: isOn })}>
          {t('queue_routing.skips_empty_steps')}
        </Checkbox>
      )}
      <fieldset>
        <legend className="mb-1 text-xs font-medium text-ink-2">{t('queue_routing.head_start')}</legend>
        <div className="grid grid-cols-3 gap-2">
          {SEGMENTS.map((segment) => (
            <NumberField
              key={segment}
              label={t(`common:segment.${segment}`)}
              unit="s"
              value={routing.head_start_secs[segment] ?? 0}
              onChange={(secs) => set({ head_start_secs: { ...routing.head_start_secs, [segment]: secs } })}
              error={form.errorOf(`routing.head_start_secs.${segment}`)}
              data-testid={`field-head-start-${segment}`}
            />
          ))}
        </div>
        <p className="mt-1 text-xs text-ink-3">{t('queue_routing.head_start_help')}</p>
      </fieldset>
      <NumberField label={t('queue_routing.ahead')} unit="s" help={t('queue_routing.ahead_help')} value={routing.ahead_secs} onChange={(secs) => set({ ahead_secs: secs })} error={form.errorOf('routing.ahead_secs')} className="w-64" data-testid="field-ahead" />
      <Limit label={t('queue_routing.prefers_owner')} unit="s" value={routing.prefers_owner?.secs ?? null} usual={20} onChange={(secs) => set({ prefers_owner: secs === null ? null : { secs } })} error={form.errorOf('routing.prefers_owner.secs')} data-testid="field-prefers-owner" />
      <div className="flex flex-col gap-1">
        <Checkbox isSelected={routing.prefers_last !== null} onChange={(isOn) => set({ prefers_last: isOn ? { secs: 20, days: 30 } : null })} data-testid="field-prefers-last">
          {t('queue_routing.prefers_last')}
        </Checkbox>
        {routing.prefers_last !== null && (
          <div className="ml-6 grid grid-cols-2 gap-2">
            <NumberField label={t('queue_routing.last_secs')} unit="s" value={routing.prefers_last.secs} onChange={(secs) => set({ prefers_last: { days: 30, ...routing.prefers_last, secs } })} error={form.errorOf('routing.prefers_last.secs')} data-testid="field-last-secs" />
            <NumberField label={t('queue_routing.last_days')} value={routing.prefers_last.days} onChange={(days) => set({ prefers_last: { secs: 20, ...routing.prefers_last, days } })} error={form.errorOf('routing.prefers_last.days')} data-testid="field-last-days" />
          </div>
        )}
      </div>
      {(routing.prefers_owner !== null || routing.prefers_last !== null || routing.prefers_team_secs !== null) && <Limit label={t('queue_routing.prefers_team')} unit="s" value={routing.prefers_team_secs} usual={30} onChange={(secs) => set({ prefers_team_secs: secs })} error={form.errorOf('routing.prefers_team_secs')} data-testid="field-prefers-team" />}
      <Limit label={t('queue_routing.promote')} unit="s" value={routing.promote_secs} usual={300} onChange={(secs) => set({ promote_secs: secs })} error={form.errorOf('routing.promote_secs')} data-testid="field-promote" />
      <Limit label={t('queue_routing.talking_max')} value={routing.talking_max} usual={10} onChange={(count) => set({ talking_max: count })} error={form.errorOf('routing.talking_max')} data-testid="field-talking-max" />
      <NumberField label={t('queue_routing.rings')} help={t('queue_routing.rings_help')} value={routing.rings} onChange={(count) => set({ rings: count })} error={form.errorOf('routing.rings')} className="w-64" data-testid="field-rings" />
      <NumberField label={t('queue_routing.strikes_max')} value={routing.strikes_max} onChange={(count) => set({ strikes_max: count })} error={form.errorOf('routing.strikes_max')} className="w-64" data-testid="field-strikes-max" />
      <NumberField label={t('queue_routing.excluded_secs')} unit="s" value={routing.excluded_secs} onChange={(secs) => set({ excluded_secs: secs })} error={form.errorOf('routing.excluded_secs')} className="w-64" data-testid="field-excluded-secs" />
    </Group>
  )
}
