// A day, typed part by part or chosen from a month, in the order of the console's language. Values are `2026-11-21`, or empty.
import { parseDate } from '@internationalized/date'
import { CalendarDays, ChevronLeft, ChevronRight, X } from 'lucide-react'
import {
  Button as AriaButton,
  Calendar,
  CalendarCell,
  CalendarGrid,
  CalendarGridBody,
  CalendarGridHeader,
  CalendarHeaderCell,
  DateInput,
  DatePicker,
  DateSegment,
  Dialog,
  FieldError,
  Group,
  Heading,
  Popover,
  Text,
  type DateValue,
} from 'react-aria-components'
import { useTranslation } from 'react-i18next'
import { POPOVER } from './classes'
import { cx } from './cx'
import { FieldLabel } from './field'

export interface DateFieldProps {
  label: string
  isLabelHidden?: boolean | undefined
  value: string
  onChange: (day: string) => void
  isRequired?: boolean
  /** Days before this one cannot be chosen. */
  min?: string
  help?: string
  error?: string | undefined
  className?: string
  'data-testid'?: string
}

const ICON_BUTTON = 'flex size-6 shrink-0 cursor-pointer items-center justify-center rounded-sm text-ink-3 hover:bg-hover hover:text-ink'

export function DateField({ label, isLabelHidden, value, onChange, isRequired = false, min, help, error, className, 'data-testid': testId }: DateFieldProps) {
  const { t } = useTranslation()
  return (
    <DatePicker
      value={dayOf(value)}
      onChange={(day: DateValue | null) => onChange(day?.toString() ?? '')}
      {...(min === undefined ? {} : { minValue: dayOf(min) })}
      isRequired={isRequired}
      isInvalid={error !== undefined}
      validationBehavior="aria"
      shouldForceLeadingZeros
      className={cx('flex flex-col gap-1', className)}
    >
      <FieldLabel text={label} isHidden={isLabelHidden} isRequired={isRequired} />
      <Group
        data-testid={testId}
        className="flex h-8 items-center rounded-md border border-line-strong bg-surface pr-1 pl-2 hover:border-ink-3 data-focus-within:outline-2 data-focus-within:outline-offset-0 data-focus-within:outline-focus data-invalid:border-bad"
      >
        <DateInput className="flex min-w-0 flex-1">
          {(segment) => <DateSegment segment={segment} className="rounded-sm px-px tabular-nums outline-none data-focused:bg-accent data-focused:text-on-accent data-placeholder:text-ink-3 data-[type=literal]:text-ink-3" />}
        </DateInput>
        {value !== '' && !isRequired && (
          <button type="button" aria-label={t('clear')} onClick={() => onChange('')} className={ICON_BUTTON}>
            <X size={14} aria-hidden />
          </button>
        )}
        <AriaButton className={ICON_BUTTON}>
          <CalendarDays size={15} aria-hidden />
        </AriaButton>
      </Group>
      {help !== undefined && error === undefined && (
        <Text slot="description" className="text-xs text-ink-3">
          {help}
        </Text>
      )}
      <FieldError className="text-xs text-bad-ink">{error}</FieldError>
      <Popover offset={4} className={POPOVER}>
        <Dialog className="p-3 outline-none">
          <Month />
        </Dialog>
      </Popover>
    </DatePicker>
  )
}

function Month() {
  return (
    <Calendar>
      <header className="mb-2 flex items-center gap-1">
        <AriaButton slot="previous" className={ICON_BUTTON}>
          <ChevronLeft size={16} aria-hidden />
        </AriaButton>
        <Heading className="flex-1 text-center text-sm font-semibold first-letter:uppercase" />
        <AriaButton slot="next" className={ICON_BUTTON}>
          <ChevronRight size={16} aria-hidden />
        </AriaButton>
      </header>
      <CalendarGrid className="border-separate border-spacing-0.5">
        <CalendarGridHeader>{(day) => <CalendarHeaderCell className="size-8 text-xs font-medium text-ink-3">{day}</CalendarHeaderCell>}</CalendarGridHeader>
        <CalendarGridBody>
          {(day) => (
            <CalendarCell
              date={day}
              className="flex size-8 cursor-pointer items-center justify-center rounded-md tabular-nums hover:bg-hover data-disabled:cursor-not-allowed data-disabled:text-ink-3 data-disabled:hover:bg-transparent data-outside-month:hidden data-selected:bg-accent data-selected:text-on-accent"
            />
          )}
        </CalendarGridBody>
      </CalendarGrid>
    </Calendar>
  )
}

/** What is no day is none. */
function dayOf(text: string): DateValue | null {
  try {
    return text === '' ? null : parseDate(text)
  } catch {
    return null
  }
}
