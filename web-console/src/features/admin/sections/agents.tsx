import { Headphones, Plus, Trash2 } from 'lucide-react'
import type { AgentProfile, Schemas } from '@/api/types'
import { useTexts } from '@/i18n/use-texts'
import { Badge, Button, Checkbox, IconButton, Section, Select, TextField } from '@/ui'
import { DirectoryPage, useEntries, type FieldsProps, type Kind } from '../directory'
import { NumberField, useRange } from '../form-parts'

type Phone = Schemas['Phone']
type Skill = Schemas['Skill']
interface UserRef {
  id: string
  name: string
}

const LEVEL_MAX = 10

export function AgentsSection() {
  const { t } = useTexts('admin')
  const { data: skills = [] } = useEntries<Skill>('/skills')
  const range = useRange()
  const skillName = (id: string) => skills.find((one) => one.id === id)?.name ?? id
  const kind: Kind<AgentProfile> = {
    section: 'agents',
    icon: Headphones,
    path: '/agents',
    keyOf: (agent) => agent.id,
    nameOf: (agent) => agent.name,
    columns: [
      { id: 'name', title: t('field.name'), width: 'minmax(140px, 1.2fr)', cell: (agent) => <span className="font-medium">{agent.name}</span> },
      { id: 'id', title: t('field.user'), width: 'minmax(88px, 0.8fr)', isWide: true, cell: (agent) => agent.id },
      {
        id: 'skills',
        title: t('field.skills'),
        width: 'minmax(160px, 2fr)',
        cell: (agent) =>
          Object.entries(agent.skills)
            .map(([id, level]) => `${skillName(id)} ${level}`)
            .join(' · '),
      },
      { id: 'device', title: t('field.device'), width: '128px', isWide: true, cell: (agent) => (agent.device === 'sip' ? t('agents.sip_of', { account: agent.phone ?? '' }) : t('agents.browser')) },
      { id: 'active', title: t('field.state'), width: '96px', cell: (agent) => (agent.is_active ? <span className="text-ink-2">{t('active')}</span> : <Badge>{t('inactive')}</Badge>) },
    ],
    blank: () => ({ id: '', name: '', skills: {}, device: 'browser', phone: null, is_active: true }),
    check: (agent) => ({
      id: agent.id === '' ? t('agents.choose_user') : undefined,
      name: agent.name.trim() === '' ? t('common:error.required') : undefined,
      phone: agent.device === 'sip' && !agent.phone ? t('agents.choose_phone') : undefined,
      ...Object.fromEntries(Object.entries(agent.skills).map(([id, level]) => [`skills.${id}`, range(level, 1, LEVEL_MAX)])),
    }),
    Fields,
  }
  return <DirectoryPage kind={kind} />
}

const NONE = 'none'

function Fields({ form, isNew }: FieldsProps<AgentProfile>) {
  const { t } = useTexts('admin')
  const { values, set, errorOf } = form
  const { data: users = [] } = useEntries<UserRef>('/users')
  const { data: agents = [] } = useEntries<AgentProfile>('/agents')
  const { data: phones = [] } = useEntries<Phone>('/phones')
  const { data: skills = [] } = useEntries<Skill>('/skills')
  const free = users.filter((user) => !agents.some((agent) => agent.id === user.id))
  const left = skills.filter((skill) => values.skills[skill.id] === undefined)
  const owner = (account: string) => agents.find((agent) => agent.phone === account && agent.id !== values.id)
  return (
    <>
      {isNew ? (
        <Select
          label={t('field.user')}
          choices={free.map((user) => ({ id: user.id, label: `${user.name} (${user.id})` }))}
          value={values.id === '' ? null : values.id}
          placeholder={free.length === 0 ? t('agents.no_user') : t('choose')}
          onChange={(id) => {
            set('id', id)
            if (values.name === '') set('name', users.find((user) => user.id === id)?.name ?? '')
          }}
          isRequired
          error={errorOf('id')}
          data-testid="field-user"
        />
      ) : (
        <p className="text-xs text-ink-3">
          {t('field.user')}: <code className="text-ink-2">{values.id}</code>
        </p>
      )}
      <TextField label={t('field.name')} value={values.name} onChange={(name) => set('name', name)} isRequired help={t('agents.name_help')} error={errorOf('name')} maxLength={100} data-testid="field-name" />
      <Section
        title={t('field.skills')}
        aside={
          left[0] && (
            <Button size="sm" tone="plain" icon={Plus} onPress={() => left[0] && set('skills', { ...values.skills, [left[0].id]: 5 })} data-testid="skill-add">
              {t('agents.add_skill')}
            </Button>
          )
        }
      >
        {Object.keys(values.skills).length === 0 && <p className="text-xs text-ink-3">{t('agents.no_skills')}</p>}
        <div className="flex flex-col gap-1.5">
          {Object.entries(values.skills).map(([id, level], i) => (
            <div key={id} className="flex items-end gap-2">
              <Select
                label={t('field.skill')}
                isLabelHidden={i > 0}
                choices={[id, ...left.map((skill) => skill.id)].map((one) => ({ id: one, label: skills.find((skill) => skill.id === one)?.name ?? one }))}
                value={id}
                onChange={(next) => set('skills', Object.fromEntries(Object.entries(values.skills).map(([key, value]) => [key === id ? next : key, value])))}
                className="min-w-0 flex-1"
              />
              <Level level={level} isLabelShown={i === 0} onChange={(next) => set('skills', { ...values.skills, [id]: next })} error={errorOf(`skills.${id}`)} />
              <IconButton icon={Trash2} label={t('agents.remove_skill', { name: skills.find((skill) => skill.id === id)?.name ?? id })} onPress={() => set('skills', Object.fromEntries(Object.entries(values.skills).filter(([key]) => key !== id)))} />
            </div>
          ))}
        </div>
      </Section>
      <Select
        label={t('field.device')}
        choices={[
          { id: 'browser', label: t('agents.browser') },
          { id: 'sip', label: t('agents.sip') },
        ]}
        value={values.device}
        onChange={(id) => set('device', id === 'sip' ? 'sip' : 'browser')}
        error={errorOf('device')}
      />
      <Select
        label={t('field.phone')}
        choices={[
          { id: NONE, label: t('agents.no_phone') },
          ...phones.map((phone) => {
            const other = owner(phone.account)
            return { id: phone.account, label: `${phone.account} · ${phone.name}`, isDisabled: other !== undefined, ...(other ? { detail: other.name } : {}) }
          }),
        ]}
        value={values.phone ?? NONE}
        onChange={(id) => set('phone', id === NONE ? null : id)}
        error={errorOf('phone')}
      />
      <Select
        label={t('work_items_max')}
        choices={[{ id: NONE, label: t('work_items_usual') }, ...[0, 1, 2, 3, 5, 10, 20].map((count) => ({ id: String(count), label: String(count) }))]}
        value={values.work_items_max == null ? NONE : String(values.work_items_max)}
        onChange={(id) => set('work_items_max', id === NONE ? null : Number(id))}
        error={errorOf('work_items_max')}
        data-testid="field-work_items_max"
      />
      <Checkbox isSelected={values.is_active} onChange={(isOn) => set('is_active', isOn)}>
        {t('agents.active')}
      </Checkbox>
    </>
  )
}

export function Level({ level, isLabelShown, onChange, error }: { level: number; isLabelShown: boolean; onChange: (level: number) => void; error?: string | undefined }) {
  const { t } = useTexts('admin')
  return <NumberField label={t('field.level')} isLabelHidden={!isLabelShown} value={level} onChange={onChange} error={error} className="w-24" />
}
