// Choosing one of a list: `Select` for a few, `ComboBox` with typing for many.
import { Check, ChevronDown } from 'lucide-react'
import {
  Button as AriaButton,
  ComboBox as AriaComboBox,
  FieldError,
  Input,
  ListBox,
  ListBoxItem,
  Popover,
  Select as AriaSelect,
  SelectValue,
  type Key,
} from 'react-aria-components'
import { cx } from './cx'
import { ITEM, POPOVER } from './classes'
import { FIELD, FieldLabel } from './field'

export interface Choice {
  id: string
  label: string
  /** A second, quieter line. */
  detail?: string
  isDisabled?: boolean
}

interface ChoiceFieldProps {
  label: string
  isLabelHidden?: boolean
  choices: readonly Choice[]
  value: string | null
  onChange: (id: string) => void
  placeholder?: string
  isDisabled?: boolean
  isRequired?: boolean
  error?: string | undefined
  className?: string
  'data-testid'?: string
}

export function Select({ label, isLabelHidden, choices, value, onChange, placeholder, error, className, 'data-testid': testId, ...rest }: ChoiceFieldProps) {
  return (
    <AriaSelect
      {...rest}
      value={value}
      onChange={(key: Key | null) => key !== null && onChange(String(key))}
      isInvalid={error !== undefined}
      placeholder={placeholder ?? '…'}
      className={cx('flex flex-col gap-1', className)}
    >
      <FieldLabel text={label} isHidden={isLabelHidden} isRequired={rest.isRequired} />
      <AriaButton data-testid={testId} className={cx(FIELD, 'flex h-8 cursor-pointer items-center gap-1 text-left')}>
        <SelectValue className="min-w-0 flex-1 truncate data-placeholder:text-ink-3">{({ selectedText, defaultChildren }) => selectedText || defaultChildren}</SelectValue>
        <ChevronDown size={15} aria-hidden className="shrink-0 text-ink-3" />
      </AriaButton>
      <FieldError className="text-xs text-bad-ink">{error}</FieldError>
      <Popover offset={4} className={cx(POPOVER, 'min-w-(--trigger-width)')}>
        <ListBox className="max-h-72 overflow-auto p-1 outline-none">{choices.map((choice) => <ChoiceItem key={choice.id} choice={choice} />)}</ListBox>
      </Popover>
    </AriaSelect>
  )
}

export interface ComboBoxProps extends ChoiceFieldProps {
  /** For choices that come from a server: the text as typed. Then the list is shown as given, without filtering here. */
  onInput?: (text: string) => void
  emptyText: string
  /** One step lower, among buttons of that height. */
  isCompact?: boolean
}

export function ComboBox({ label, isLabelHidden, choices, value, onChange, onInput, placeholder, emptyText, isCompact, error, className, 'data-testid': testId, ...rest }: ComboBoxProps) {
  return (
    <AriaComboBox
      {...rest}
      {...(onInput ? { items: choices, onInputChange: onInput, allowsEmptyCollection: true } : { defaultItems: choices, allowsEmptyCollection: true })}
      value={value}
      onChange={(key: Key | null) => key !== null && onChange(String(key))}
      isInvalid={error !== undefined}
      menuTrigger="focus"
      className={cx('flex flex-col gap-1', className)}
    >
      <FieldLabel text={label} isHidden={isLabelHidden} isRequired={rest.isRequired} />
      <div className="relative">
        <Input placeholder={placeholder} data-testid={testId} className={cx(FIELD, isCompact ? 'h-7 pr-7' : 'h-8 pr-8')} />
        <AriaButton className={cx('absolute right-1 flex size-6 cursor-pointer items-center justify-center rounded-sm text-ink-3 hover:bg-hover', isCompact ? 'top-0.5' : 'top-1')}>
          <ChevronDown size={15} aria-hidden />
        </AriaButton>
      </div>
      <FieldError className="text-xs text-bad-ink">{error}</FieldError>
      <Popover offset={4} className={cx(POPOVER, 'w-(--trigger-width) min-w-56')}>
        <ListBox<Choice> className="max-h-72 overflow-auto p-1 outline-none" renderEmptyState={() => <p className="px-2 py-1.5 text-ink-3">{emptyText}</p>}>
          {(choice) => <ChoiceItem choice={choice} />}
        </ListBox>
      </Popover>
    </AriaComboBox>
  )
}

function ChoiceItem({ choice }: { choice: Choice }) {
  return (
    <ListBoxItem id={choice.id} textValue={choice.label} isDisabled={choice.isDisabled === true} className={cx(ITEM, 'group')}>
      <span className="min-w-0 flex-1">
        <span className="block truncate">{choice.label}</span>
        {choice.detail !== undefined && (
          <span slot="description" className="block truncate text-xs text-ink-3">
            {choice.detail}
          </span>
        )}
      </span>
      <Check size={14} aria-hidden className="invisible shrink-0 group-data-selected:visible" />
    </ListBoxItem>
  )
}
