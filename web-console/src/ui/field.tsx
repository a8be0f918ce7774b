// Fields for text. Label above, help below, the error in the place of the help.
import { Search, X } from 'lucide-react'
import type { ReactNode } from 'react'
import {
  Button as AriaButton,
  Checkbox as AriaCheckbox,
  FieldError,
  Input,
  Label,
  SearchField as AriaSearchField,
  Text,
  TextArea as AriaTextArea,
  TextField as AriaTextField,
  type TextFieldProps as AriaTextFieldProps,
} from 'react-aria-components'
import { Check } from 'lucide-react'
import { cx } from './cx'

export const FIELD =
  'w-full rounded-md border border-line-strong bg-surface px-2 text-ink placeholder:text-ink-3 hover:border-ink-3 ' +
  'focus:outline-2 focus:outline-offset-0 focus:outline-focus disabled:cursor-not-allowed disabled:bg-ground disabled:text-ink-3 data-invalid:border-bad'

export interface TextFieldProps extends Omit<AriaTextFieldProps, 'className' | 'children' | 'style'> {
  label: string
  /** Hides the label from sight, not from readers. */
  isLabelHidden?: boolean
  help?: string
  /** What is wrong and how to mend it. */
  error?: string | undefined
  placeholder?: string
  className?: string
  inputClassName?: string
  'data-testid'?: string
}

export function TextField({ label, isLabelHidden, help, error, placeholder, className, inputClassName, 'data-testid': testId, ...rest }: TextFieldProps) {
  return (
    <AriaTextField {...rest} validationBehavior="aria" isInvalid={error !== undefined} className={cx('flex flex-col gap-1', className)}>
      <FieldLabel text={label} isHidden={isLabelHidden} isRequired={rest.isRequired} />
      <Input placeholder={placeholder} data-testid={testId} className={cx(FIELD, 'h-8', inputClassName)} />
      <Below help={help} error={error} />
    </AriaTextField>
  )
}

export interface TextAreaProps extends TextFieldProps {
  rows?: number
}

export function TextArea({ label, isLabelHidden, help, error, placeholder, className, inputClassName, rows = 4, 'data-testid': testId, ...rest }: TextAreaProps) {
  return (
    <AriaTextField {...rest} validationBehavior="aria" isInvalid={error !== undefined} className={cx('flex flex-col gap-1', className)}>
      <FieldLabel text={label} isHidden={isLabelHidden} isRequired={rest.isRequired} />
      <AriaTextArea rows={rows} placeholder={placeholder} data-testid={testId} className={cx(FIELD, 'resize-none py-1.5', inputClassName)} />
      <Below help={help} error={error} />
    </AriaTextField>
  )
}

export function FieldLabel({ text, isHidden, isRequired }: { text: string; isHidden?: boolean | undefined; isRequired?: boolean | undefined }) {
  return (
    <Label className={isHidden ? 'sr-only' : 'text-xs font-medium text-ink-2'}>
      {text}
      {isRequired && <span aria-hidden> *</span>}
    </Label>
  )
}

function Below({ help, error }: { help?: string | undefined; error?: string | undefined }) {
  return (
    <>
      {help !== undefined && error === undefined && (
        <Text slot="description" className="text-xs text-ink-3">
          {help}
        </Text>
      )}
      <FieldError className="text-xs text-bad-ink">{error}</FieldError>
    </>
  )
}

export interface SearchFieldProps {
  label: string
  value: string
  onChange: (value: string) => void
  onSubmit?: (value: string) => void
  onKeyDown?: AriaTextFieldProps['onKeyDown']
  placeholder?: string
  className?: string
  autoFocus?: boolean
  clearLabel: string
  'data-testid'?: string
}

export function SearchField({ label, placeholder, className, clearLabel, 'data-testid': testId, ...rest }: SearchFieldProps) {
  return (
    <AriaSearchField {...rest} aria-label={label} className={cx('group relative', className)}>
      <Search size={15} aria-hidden className="absolute top-2 left-2 text-ink-3" />
      <Input placeholder={placeholder ?? label} data-testid={testId} className={cx(FIELD, 'h-8 px-7 [&::-webkit-search-cancel-button]:hidden')} />
      <AriaButton aria-label={clearLabel} className="absolute top-1 right-1 flex size-6 cursor-pointer items-center justify-center rounded-sm text-ink-3 group-data-empty:hidden hover:bg-hover hover:text-ink">
        <X size={14} aria-hidden />
      </AriaButton>
    </AriaSearchField>
  )
}

export interface CheckboxProps {
  isSelected: boolean
  onChange: (isSelected: boolean) => void
  isDisabled?: boolean
  children: ReactNode
  'data-testid'?: string
}

export function Checkbox({ children, ...rest }: CheckboxProps) {
  return (
    <AriaCheckbox {...rest} className="group flex min-h-6 cursor-pointer items-center gap-2 disabled:cursor-not-allowed disabled:opacity-50">
      <span className="flex size-4 items-center justify-center rounded-sm border border-line-strong bg-surface text-on-accent group-data-focus-visible:outline-2 group-data-focus-visible:outline-focus group-data-selected:border-accent group-data-selected:bg-accent">
        <Check size={12} aria-hidden className="opacity-0 group-data-selected:opacity-100" />
      </span>
      {children}
    </AriaCheckbox>
  )
}
