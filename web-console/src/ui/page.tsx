// The frame of a page in the work area: a head with title and actions, a body that scrolls by itself.
import type { ReactNode } from 'react'
import { cx } from './cx'

export function Page({ title, actions, children, isFlush = false }: { title: ReactNode; actions?: ReactNode; children: ReactNode; isFlush?: boolean }) {
  return (
    <div className="flex h-full min-h-0 flex-col bg-surface">
      <header className="flex min-h-12 shrink-0 flex-wrap items-center gap-2 border-b border-line px-4 py-2">
        <h1 className="mr-auto text-lg">{title}</h1>
        {actions}
      </header>
      <div className={cx('min-h-0 flex-1 overflow-auto', !isFlush && 'p-4')}>{children}</div>
    </div>
  )
}

/** A titled region without a frame of its own: tone and line separate it. */
export function Section({ title, aside, children, className }: { title: ReactNode; aside?: ReactNode; children: ReactNode; className?: string }) {
  return (
    <section className={className}>
      <header className="flex min-h-7 items-center gap-2">
        <h2 className="flex-1 text-xs font-semibold text-ink-2">{title}</h2>
        {aside}
      </header>
      {children}
    </section>
  )
}

/** Name and value in two columns. */
export function Facts({ facts }: { facts: ReadonlyArray<{ name: string; value: ReactNode }> }) {
  return (
    <dl className="grid grid-cols-[minmax(88px,auto)_1fr] gap-x-3 gap-y-1">
      {facts.map((fact) => (
        <div key={fact.name} className="contents">
          <dt className="text-ink-3">{fact.name}</dt>
          <dd className="min-w-0 break-words">{fact.value}</dd>
        </div>
      ))}
    </dl>
  )
}
