// Whether agents are told that a supervisor listens.
import type { Schemas } from '@/api/types'
import { useTexts } from '@/i18n/use-texts'
import { Select } from '@/ui'

type Notice = Schemas['MonitoringNotice']

const NOTICES: readonly Notice[] = ['hidden', 'shown']
/** A select wants a key. */
const AS_CENTRE = 'as_centre'

export function MonitoringField({ value, hasDefault = false, onChange }: { value: Notice | null; hasDefault?: boolean; onChange: (notice: Notice | null) => void }) {
  const { t } = useTexts('admin')
  const choices = NOTICES.map((id) => ({ id: id as string, label: t(`monitoring.${id}`) }))
  return (
    <Select
      label={t('monitoring.label')}
      choices={hasDefault ? [{ id: AS_CENTRE, label: t('recording.as_centre') }, ...choices] : choices}
      value={value ?? (hasDefault ? AS_CENTRE : 'hidden')}
      onChange={(id) => onChange(NOTICES.find((one) => one === id) ?? null)}
      data-testid="field-monitoring"
    />
  )
}
