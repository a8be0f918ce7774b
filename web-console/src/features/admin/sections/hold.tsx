// How long customers may be on hold: the centre's limits, and those of a queue that has its own.
import type { Schemas } from '@/api/types'
import { useTexts } from '@/i18n/use-texts'
import { Checkbox } from '@/ui'
import { Group, NumberField, type useRange } from '../form-parts'

type Limits = Required<Schemas['HoldLimits']>

/** Also of a server that says nothing of it. */
const DEFAULT_HOLD: Limits = { notice_secs: 120, recall_secs: 300 }
const SECS_MAX = 3_600

export function holdOf(hold: Schemas['HoldLimits'] | null | undefined): Limits {
  return { ...DEFAULT_HOLD, ...hold }
}

export function holdMistakes(hold: Limits, range: ReturnType<typeof useRange>) {
  return {
    'hold.notice_secs': range(hold.notice_secs, 0, SECS_MAX),
    'hold.recall_secs': hold.recall_secs === 0 ? undefined : range(hold.recall_secs, hold.notice_secs + 1, SECS_MAX),
  }
}

interface Props {
  /** `null` is as the centre says. */
  hold: Limits | null
  hasDefault?: boolean
  onChange: (hold: Limits | null) => void
  errorOf: (field: string) => string | undefined
}

export function HoldFields({ hold, hasDefault = false, onChange, errorOf }: Props) {
  const { t } = useTexts('admin')
  return (
    <Group title={t('hold.title')}>
      {hasDefault && (
        <Checkbox isSelected={hold !== null} onChange={(isOwn) => onChange(isOwn ? DEFAULT_HOLD : null)} data-testid="field-hold-own">
          {t('hold.own')}
        </Checkbox>
      )}
      {hold && (
        <>
          <div className="grid grid-cols-2 gap-2">
            <NumberField label={t('hold.notice')} unit="s" value={hold.notice_secs} onChange={(secs) => onChange({ ...hold, notice_secs: secs })} error={errorOf('hold.notice_secs')} data-testid="field-hold-notice" />
            <NumberField label={t('hold.recall')} unit="s" value={hold.recall_secs} onChange={(secs) => onChange({ ...hold, recall_secs: secs })} error={errorOf('hold.recall_secs')} data-testid="field-hold-recall" />
          </div>
          <p className="text-xs text-ink-3">{t('hold.help')}</p>
        </>
      )}
    </Group>
  )
}
