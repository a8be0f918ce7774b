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

export const DEFAULT_ROUTING: Required<Routing> = { strategy: { by: 'longest_idle' }, steps: [], skips_empty_steps: true, promote_secs: null, head_start_secs: {}, talking_max: null, strikes_max: 1 }

const STRATEGIES = ['longest_idle', 'least_occupied', 'fewest_calls', 'least_talk', 'round_robin', 'linear', 'random', 'best_fit'] as const
const SEGMENTS = ['gold', 'silver', 'standard'] as const
const WEIGHT_USUAL = 10

export function routingOf(queue: Queue): Required<Routing> {
  return { ...DEFAULT_ROUTING, ...queue.routing }
}

/** What is out of its bounds, before the server is asked. */
export function routingMistakes(queue: Queue, range: (value: number, least: number, most: number) => string | undefined): Record<string, string | undefined> {
  const { strategy, steps, promote_secs: promote, head_start_secs: heads, talking_max: talking, strikes_max: strikes } = routingOf(queue)
  const weights = strategy.by === 'random' ? Object.entries(strategy.weights).map(([agent, weight]) => [`routing.strategy.weights.${agent}`, range(weight, 1, 100)]) : []
  return {
    ...Object.fromEntries(steps.flatMap((step, i) => [[`routing.steps[${i}].after_secs`, range(step.after_secs, (steps[i - 1]?.after_secs ?? 0) + 1, 86_400)], ...step.skills.map((need, n) => [`routing.steps[${i}].skills[${n}].level`, range(need.level, 1, 10)])])),
    ...Object.fromEntries(weights),
    ...Object.fromEntries(Object.entries(heads).map(([segment, secs]) => [`routing.head_start_secs.${segment}`, range(secs, 0, 3_600)])),
    'routing.promote_secs': promote === null ? undefined : range(promote, 1, 86_400),
    'routing.talking_max': talking === null ? undefined : range(talking, 1, 10_000),
    'routing.strikes_max': range(strikes, 1, 20),
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

/** Agents one by one: in an order, or with a weight each. */
function AgentRows({ strategy, agents, onChange, errorOf }: { strategy: Extract<Strategy, { by: 'linear' | 'random' }>; agents: readonly AgentProfile[]; onChange: (strategy: Strategy) => void; errorOf: (field: string) => string | undefined }) {
  const { t } = useTexts('admin')
  // In rows of its own: an object would sort agents whose keys are numbers.
  const [named, setNamed] = useState<ReadonlyArray<readonly [string, number]>>(() => (strategy.by === 'linear' ? strategy.order.map((agent) => [agent, WEIGHT_USUAL] as const) : Object.entries(strategy.weights)))
  const change = (rows: ReadonlyArray<readonly [string, number]>) => {
    setNamed(rows)
    onChange(strategy.by === 'linear' ? { by: 'linear', order: rows.map(([agent]) => agent) } : { by: 'random', weights: Object.fromEntries(rows) })
  }
  const left = agents.filter((agent) => !named.some(([id]) => id === agent.id))
  const pathOf = (agent: string, index: number) => (strategy.by === 'linear' ? `routing.strategy.order[${index}]` : `routing.strategy.weights.${agent}`)
  return (
    <Rows<readonly [string, number]>
      title={t(strategy.by === 'linear' ? 'queue_routing.order' : 'queue_routing.weights')}
      help={t(strategy.by === 'linear' ? 'queue_routing.order_help' : 'queue_routing.weights_help')}
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
          {strategy.by === 'random' && <NumberField label={t('queue_routing.weight')} isLabelHidden={index > 0} value={weight} onChange={(value) => set([agent, value])} error={errorOf(pathOf(agent, index))} />}
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
  const choose = (id: string) => {
    const by = STRATEGIES.find((one) => one === id) ?? 'longest_idle'
    set({ strategy: by === 'linear' ? { by, order: [] } : by === 'random' ? { by, weights: {} } : { by } })
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
      {(strategy.by === 'linear' || strategy.by === 'random') && <AgentRows key={strategy.by} strategy={strategy} agents={agents} onChange={(next) => set({ strategy: next })} errorOf={form.errorOf} />}
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
      <Limit label={t('queue_routing.promote')} unit="s" value={routing.promote_secs} usual={300} onChange={(secs) => set({ promote_secs: secs })} error={form.errorOf('routing.promote_secs')} data-testid="field-promote" />
      <Limit label={t('queue_routing.talking_max')} value={routing.talking_max} usual={10} onChange={(count) => set({ talking_max: count })} error={form.errorOf('routing.talking_max')} data-testid="field-talking-max" />
      <NumberField label={t('queue_routing.strikes_max')} value={routing.strikes_max} onChange={(count) => set({ strikes_max: count })} error={form.errorOf('routing.strikes_max')} className="w-64" data-testid="field-strikes-max" />
    </Group>
  )
}
