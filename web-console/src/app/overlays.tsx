// What opens over the page by its keys. It loads when it is first asked for.
import { lazy, Suspense } from 'react'
import { useStore } from 'zustand'
import type { Session } from '@/api/session'
import { overlayStore, showOverlay } from './hotkeys'

const HotkeySettings = lazy(async () => ({ default: (await import('./hotkey-settings')).HotkeySettings }))
const Palette = lazy(async () => ({ default: (await import('./palette')).Palette }))

export function Overlays({ session, onSignOut }: { session: Session; onSignOut: () => void }) {
  const open = useStore(overlayStore, (state) => state.open)
  const close = () => showOverlay(null)
  return (
    <Suspense>
      {open === 'keys' && <HotkeySettings onClose={close} />}
      {open === 'palette' && <Palette session={session} onClose={close} onSignOut={onSignOut} />}
    </Suspense>
  )
}
