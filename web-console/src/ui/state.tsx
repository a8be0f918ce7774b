// The states of a view that is not simply full: empty, loading, failed.
import { CircleAlert, RotateCw, type LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import { Button } from './button'
import { cx } from './cx'

/** Says what will be here and the first thing to do. `isPage`: there is nothing else on the page, so this is its heading. */
export function EmptyState({ icon: Icon, title, children, action, isPage = false }: { icon?: LucideIcon; title: string; children?: ReactNode; action?: ReactNode; isPage?: boolean }) {
  const Title = isPage ? 'h1' : 'p'
  return (
    <div className="flex flex-col items-center justify-center gap-2 p-8 text-center">
      {Icon && <Icon size={28} strokeWidth={1.5} aria-hidden className="text-ink-3" />}
      <Title className="text-lg font-semibold">{title}</Title>
      {children !== undefined && <p className="max-w-md text-ink-2">{children}</p>}
      {action}
    </div>
  )
}

/** What happened and what to do about it. */
export function ErrorState({ title, children, retryLabel, onRetry }: { title: string; children?: ReactNode; retryLabel?: string; onRetry?: () => void }) {
  return (
    <div role="alert" className="m-3 flex items-start gap-2 rounded-md bg-bad-soft p-3 text-bad-ink">
      <CircleAlert size={16} aria-hidden className="mt-px shrink-0" />
      <div className="min-w-0 flex-1">
        <p className="font-medium">{title}</p>
        {children !== undefined && <p className="mt-0.5 break-words">{children}</p>}
      </div>
      {onRetry && retryLabel !== undefined && (
        <Button size="sm" icon={RotateCw} onPress={onRetry}>
          {retryLabel}
        </Button>
      )}
    </div>
  )
}

/** Holds the place of what is loading, in its size. */
export function Skeleton({ className }: { className?: string }) {
  return <div aria-hidden className={cx('skeleton', className ?? 'h-4 w-full')} />
}

export function SkeletonLines({ count, label }: { count: number; label: string }) {
  return (
    <div role="status" aria-label={label} className="flex flex-col gap-3 p-3">
      {Array.from({ length: count }, (_, i) => (
        <Skeleton key={i} className={cx('h-4', i % 3 === 2 ? 'w-3/5' : 'w-full')} />
      ))}
    </div>
  )
}
