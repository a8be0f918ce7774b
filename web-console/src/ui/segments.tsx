// One of a few, side by side: a radio group in the look of a button.
import { ToggleButton, ToggleButtonGroup } from 'react-aria-components'
import { cx } from './cx'

export interface Segment<Value extends string> {
  value: Value
  text: string
}

export interface SegmentsProps<Value extends string> {
  label: string
  segments: readonly Segment<Value>[]
  value: Value
  onChange: (value: Value) => void
  isDisabled?: boolean
  /** Each segment is found as this, a dash and its value. */
  testId: string
}

export function Segments<Value extends string>({ label, segments, value, onChange, isDisabled = false, testId }: SegmentsProps<Value>) {
  const choose = (keys: Iterable<unknown>) => {
    const chosen = segments.find((segment) => [...keys].includes(segment.value))
    if (chosen && chosen.value !== value) onChange(chosen.value)
  }
  return (
    <ToggleButtonGroup
      aria-label={label}
      selectionMode="single"
      disallowEmptySelection
      selectedKeys={[value]}
      onSelectionChange={choose}
      isDisabled={isDisabled}
      className="flex shrink-0 overflow-hidden rounded border border-line-strong"
    >
      {segments.map((segment) => (
        <ToggleButton
          key={segment.value}
          id={segment.value}
          data-testid={`${testId}-${segment.value}`}
          className={cx(
            'h-8 cursor-pointer border-l border-line-strong px-2.5 text-ink-2 outline-offset-[-2px] first:border-l-0 data-disabled:cursor-not-allowed data-disabled:text-ink-3 data-hovered:bg-hover',
            'data-selected:bg-accent data-selected:font-semibold data-selected:text-on-accent',
          )}
        >
          {segment.text}
        </ToggleButton>
      ))}
    </ToggleButtonGroup>
  )
}
