import { Sparkles } from 'lucide-react'
import type { AgentProfile, Queue, Schemas } from '@/api/types'
import { useTexts } from '@/i18n/use-texts'
import { DirectoryPage, useEntries, type Kind } from '../directory'
import { NameAndKey, useKeyChecks } from '../form-parts'

type Skill = Schemas['Skill']

export function SkillsSection() {
  const { t } = useTexts('admin')
  const checkKey = useKeyChecks()
  const { data: agents = [] } = useEntries<AgentProfile>('/agents')
  const { data: queues = [] } = useEntries<Queue>('/queues')
  const kind: Kind<Skill> = {
    section: 'skills',
    icon: Sparkles,
    path: '/skills',
    keyOf: (skill) => skill.id,
    nameOf: (skill) => skill.name,
    columns: [
      { id: 'name', title: t('field.name'), width: 'minmax(140px, 1fr)', cell: (skill) => <span className="font-medium">{skill.name}</span> },
      { id: 'agents', title: t('section.agents'), width: '88px', isNumber: true, cell: (skill) => agents.filter((agent) => agent.skills[skill.id] !== undefined).length },
      { id: 'queues', title: t('section.queues'), width: 'minmax(140px, 1.5fr)', cell: (skill) => queues.filter((queue) => queue.skills.some((need) => need.skill === skill.id)).map((queue) => queue.name).join(', ') },
    ],
    blank: () => ({ id: '', name: '' }),
    check: checkKey,
    Fields: NameAndKey,
  }
  return <DirectoryPage kind={kind} />
}
