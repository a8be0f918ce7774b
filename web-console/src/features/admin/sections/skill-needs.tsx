// Skills that are asked for, each with its least level.
import { Plus, Trash2 } from 'lucide-react'
import type { ReactNode } from 'react'
import type { Schemas } from '@/api/types'
import { useTexts } from '@/i18n/use-texts'
import { Button, IconButton, Section, Select } from '@/ui'
import { useEntries } from '../directory'
import { Level } from './agents'

type SkillNeed = Schemas['SkillNeed']

export function SkillNeeds({ title, addText, needs, field, noneText, onChange, errorOf }: { title: ReactNode; /** Of the button that adds one, where a form has several such lists. */ addText?: string; needs: readonly SkillNeed[]; /** Its path in the form. */ field: string; noneText: string; onChange: (needs: SkillNeed[]) => void; errorOf: (field: string) => string | undefined }) {
  const { t } = useTexts('admin')
  const { data: skills = [] } = useEntries<Schemas['Skill']>('/skills')
  const left = skills.filter((skill) => !needs.some((need) => need.skill === skill.id))
  const change = (index: number, part: Partial<SkillNeed>) => onChange(needs.map((one, at) => (at === index ? { ...one, ...part } : one)))
  return (
    <Section
      title={<span className="font-medium">{title}</span>}
      aside={
        left[0] && (
          <Button size="sm" tone="plain" icon={Plus} onPress={() => left[0] && onChange([...needs, { skill: left[0].id, level: 1 }])}>
            {addText ?? t('agents.add_skill')}
          </Button>
        )
      }
    >
      {needs.length === 0 && <p className="text-xs text-ink-3">{noneText}</p>}
      <div className="flex flex-col gap-1.5">
        {needs.map((need, i) => (
          <div key={need.skill} className="flex items-end gap-2">
            <Select
              label={t('field.skill')}
              isLabelHidden={i > 0}
              choices={[need.skill, ...left.map((skill) => skill.id)].map((id) => ({ id, label: skills.find((skill) => skill.id === id)?.name ?? id }))}
              value={need.skill}
              onChange={(skill) => change(i, { skill })}
              error={errorOf(`${field}[${i}].skill`)}
              className="min-w-0 flex-1"
            />
            <Level level={need.level} isLabelShown={i === 0} onChange={(level) => change(i, { level })} error={errorOf(`${field}[${i}].level`)} />
            <IconButton icon={Trash2} label={t('agents.remove_skill', { name: need.skill })} onPress={() => onChange(needs.filter((_, at) => at !== i))} />
          </div>
        ))}
      </div>
    </Section>
  )
}
