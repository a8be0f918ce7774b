// The values of the workflow's fields on a ticket; all that were changed are saved at once.
import { useState } from 'react'
import type { FieldRule } from '@/api/records'
import { useTexts } from '@/i18n/use-texts'
import { Button } from '@/ui'
import { WorkflowField } from './workflow-field'

export function WorkflowFields({ keys, rules, values, isDisabled, onSave }: { keys: readonly string[]; rules: Readonly<Record<string, FieldRule>>; values: Readonly<Record<string, string>>; isDisabled: boolean; onSave: (changed: Record<string, string | null>) => void }) {
  const { t } = useTexts('tickets')
  const [changed, setChanged] = useState<Record<string, string | null>>({})
  const valueOf = (key: string) => (key in changed ? (changed[key] ?? null) : (values[key] ?? null))
  const isSame = keys.every((key) => valueOf(key) === (values[key] ?? null))
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        onSave(changed)
      }}
      className="flex flex-col gap-2"
    >
      {keys.map((key) => {
        const rule = rules[key]
        return rule && <WorkflowField key={key} id={key} rule={rule} value={valueOf(key)} isDisabled={isDisabled} onChange={(value) => setChanged({ ...changed, [key]: value })} />
      })}
      {!isSame && (
        <Button type="submit" tone="accent" size="sm" isDisabled={isDisabled} className="self-end">
          {t('common:save')}
        </Button>
      )}
    </form>
  )
}
