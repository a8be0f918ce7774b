// A plain list in columns: a grid with the roles of a table, so that nothing is laid out twice when a cell changes.
import type { KeyboardEvent, ReactNode } from 'react'
import { cx } from './cx'

export interface Column<T> {
  id: string
  title: string
  /** Said to readers only: the cells speak for themselves. */
  isTitleHidden?: boolean
  /** A grid track: `120px`, `1fr`, `minmax(160px, 2fr)`. */
  width: string
  isNumber?: boolean
  cell: (row: T) => ReactNode
}

export interface TableProps<T> {
  label: string
  columns: ReadonlyArray<Column<T>>
  rows: readonly T[]
  rowKey: (row: T) => string
  /** What Enter or a click on the row opens. */
  onOpen?: (row: T) => void
  rowTestId?: (row: T) => string
  /** The row whose details are open beside the list. */
  openKey?: string | undefined
  /** Whether it has more columns than fit beside each other: then it is scrolled sideways on every screen. */
  isWide?: boolean
}

export function Table<T>({ label, columns, rows, rowKey, onOpen, rowTestId, openKey, isWide = false }: TableProps<T>) {
  const tracks = { gridTemplateColumns: columns.map((column) => column.width).join(' ') }
  return (
    // Rows that open something are reached by Tab; a list that is only read is reached as a whole, to be scrolled.
    <div role="table" aria-label={label} aria-rowcount={rows.length + 1} tabIndex={onOpen ? undefined : 0} className={cx('min-w-max outline-offset-[-2px]', !isWide && 'lg:min-w-0')}>
      <div role="row" style={tracks} className="sticky top-0 z-10 grid h-8 items-center gap-3 border-b border-line bg-surface px-4 text-xs font-medium text-ink-3">
        {columns.map((column, i) => (
          <span key={column.id} role="columnheader" className={cx('truncate', column.isNumber && 'text-right', isApart(columns, i) && 'pr-5')}>
            {column.isTitleHidden ? <span className="sr-only">{column.title}</span> : column.title}
          </span>
        ))}
      </div>
      {rows.map((row) => (
        <div
          key={rowKey(row)}
          role="row"
          data-testid={rowTestId?.(row)}
          aria-current={openKey === rowKey(row) ? 'true' : undefined}
          style={tracks}
          tabIndex={onOpen ? 0 : undefined}
          onClick={onOpen ? (event) => !isControl(event.target) && onOpen(row) : undefined}
          onKeyDown={onOpen ? (event) => onRowKey(event, () => onOpen(row)) : undefined}
          className={cx('grid min-h-9 items-center gap-3 border-b border-line px-4 [contain:content]', onOpen && 'cursor-pointer outline-offset-[-2px]', openKey === rowKey(row) ? 'bg-accent-soft' : onOpen && 'hover:bg-hover')}
        >
          {columns.map((column, i) => (
            <span key={column.id} role="cell" className={cx('min-w-0 truncate py-1 [&>.inline-flex]:align-middle', column.isNumber && 'text-right tabular-nums', isApart(columns, i) && 'pr-5')}>
              {column.cell(row)}
            </span>
          ))}
        </div>
      ))}
    </div>
  )
}

/** A figure on the right of its column stands too near to a text on the left of the next. */
function isApart<T>(columns: ReadonlyArray<Column<T>>, at: number): boolean {
  const next = columns[at + 1]
  return columns[at]?.isNumber === true && next !== undefined && next.isNumber !== true
}

/** Links and buttons within a row act for themselves. */
function isControl(target: EventTarget): boolean {
  return target instanceof Element && target.closest('a, button, input') !== null
}

/** Enter opens; arrows, Home and End go from row to row. */
function onRowKey(event: KeyboardEvent<HTMLElement>, open: () => void): void {
  const row = event.currentTarget
  if (event.target !== row) return
  const rows = [...(row.parentElement?.querySelectorAll<HTMLElement>('[role="row"][tabindex]') ?? [])]
  const at = rows.indexOf(row)
  const goal = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key]
  if (event.key === 'Enter') open()
  else if (goal === undefined) return
  else rows[goal]?.focus()
  event.preventDefault()
}
