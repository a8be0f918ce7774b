// Short news at the lower left, away from the buttons that end a wrap-up. They never take the focus; important ones stay until they are closed.
import { CircleAlert, CircleCheck, Info, X } from 'lucide-react'
import { createStore } from 'zustand/vanilla'
import { useStore } from 'zustand'
import { Button, IconButton } from './button'
import { cx } from './cx'

const TOASTS_MAX = 4
const SHOWN_MS = 6_000

export interface Toast {
  id: number
  tone: 'good' | 'bad' | 'info'
  text: string
  action?: { label: string; run: () => void }
  /** How often it was said. */
  times: number
}

export const toastStore = createStore<readonly Toast[]>(() => [])
let count = 0

/** Shows a toast. Errors and those with an action stay; the others go after some seconds. What stands there already is counted. */
export function showToast(toast: Omit<Toast, 'id' | 'times'>): number {
  count += 1
  const id = count
  const same = toastStore.getState().find((other) => other.tone === toast.tone && other.text === toast.text)
  toastStore.setState((list) => [...list.filter((other) => other !== same), { ...toast, id, times: (same?.times ?? 0) + 1 }].slice(-TOASTS_MAX), true)
  if (toast.tone !== 'bad' && !toast.action) setTimeout(() => closeToast(id), SHOWN_MS)
  return id
}

export function closeToast(id: number): void {
  toastStore.setState((list) => list.filter((toast) => toast.id !== id), true)
}

const ICONS = { good: CircleCheck, bad: CircleAlert, info: Info }
const MARKS = { good: 'text-good', bad: 'text-bad', info: 'text-accent' }

export function ToastRegion({ label, closeLabel, closeAllLabel }: { label: string; closeLabel: string; closeAllLabel: string }) {
  const list = useStore(toastStore)
  return (
    <section aria-label={label} aria-live="polite" className="pointer-events-none fixed bottom-10 left-22 z-40 flex w-96 max-w-[calc(100vw-6rem)] flex-col gap-2 max-md:left-14">
      {list.length > 1 && (
        <Button size="sm" className="pointer-events-auto self-end shadow-pop" onPress={() => toastStore.setState([], true)} data-testid="close-toasts">
          {closeAllLabel}
        </Button>
      )}
      {list.map((toast) => {
        const Icon = ICONS[toast.tone]
        return (
          <div key={toast.id} role={toast.tone === 'bad' ? 'alert' : undefined} className="pointer-events-auto flex items-start gap-2 rounded-md border border-line bg-raised py-2 pr-1 pl-3 shadow-pop">
            <Icon size={16} aria-hidden className={cx('mt-1 shrink-0', MARKS[toast.tone])} />
            <div className="flex min-w-0 flex-1 flex-col items-start gap-2 py-0.5">
              <p className="max-w-full break-words">
                {toast.text}
                {toast.times > 1 && <span className="ml-2 font-semibold text-ink-2">×{toast.times}</span>}
              </p>
              {toast.action && (
                <Button
                  isWrapped
                  onPress={() => {
                    toast.action?.run()
                    closeToast(toast.id)
                  }}
                >
                  {toast.action.label}
                </Button>
              )}
            </div>
            <IconButton icon={X} label={closeLabel} size="sm" onPress={() => closeToast(toast.id)} />
          </div>
        )
      })}
    </section>
  )
}
