// A list of small things in a form: one row each, with a way to add one and to take one out.
import { Plus, X } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import { useTexts } from '@/i18n/use-texts'
import { Button, IconButton } from '@/ui'

export interface RowsProps<T> {
  title: string
  help?: string
  rows: readonly T[]
  onChange: (rows: T[]) => void
  blank: () => T
  addText: string
  /** Whether there is anything left to add. */
  canAdd?: boolean
  /** A mistake of the list as a whole. */
  error?: string | undefined
  children: (row: T, set: (row: T) => void, index: number) => ReactNode
  'data-testid': string
}

export function Rows<T>({ title, help, rows, onChange, blank, addText, canAdd = true, error, children, 'data-testid': testId }: RowsProps<T>) {
  const { t } = useTexts('admin')
  // Rows have no key of their own, and a field that is half typed must stay with its row when one before it goes.
  const [keys, setKeys] = useState<readonly number[]>(() => rows.map((_, index) => index))
  const next = Math.max(-1, ...keys) + 1
  const add = () => {
    setKeys([...keys, next])
    onChange([...rows, blank()])
  }
  const remove = (index: number) => {
    setKeys(keys.filter((_, at) => at !== index))
    onChange(rows.filter((_, at) => at !== index))
  }
  return (
    <fieldset data-testid={testId}>
      <legend className="mb-1 text-xs font-medium text-ink-2">{title}</legend>
      {help !== undefined && <p className="mb-2 text-xs text-ink-3">{help}</p>}
      {rows.map((row, index) => (
        <div key={keys[index] ?? index} className="mb-2 flex items-end gap-2">
          {children(row, (changed) => onChange(rows.map((one, at) => (at === index ? changed : one))), index)}
          <IconButton icon={X} label={t('remove_row', { number: index + 1, title })} onPress={() => remove(index)} />
        </div>
      ))}
      <Button size="sm" icon={Plus} onPress={add} isDisabled={!canAdd} data-testid={`${testId}-add`}>
        {addText}
      </Button>
      {error !== undefined && <p className="mt-1 text-xs text-bad-ink">{error}</p>}
    </fieldset>
  )
}
