// What opens over the page, from its menu or by keys. It loads when it is first asked for.
import { lazy, Suspense, useEffect } from 'react'
import { useStore } from 'zustand'
import type { Session } from '@/api/session'
import { floorStore } from '@/live/stores/floor'
import { overlayStore, showOverlay } from './hotkeys'

const loadPalette = () => import('./palette')
/** After the page is there; who types right after the keys for it must not lose letters. */
const PALETTE_AFTER_MS = 1_000

const HotkeySettings = lazy(async () => ({ default: (await import('./hotkey-settings')).HotkeySettings }))
const Palette = lazy(async () => ({ default: (await loadPalette()).Palette }))
const PasswordDialog = lazy(async () => ({ default: (await import('./password-dialog')).PasswordDialog }))
const SignOutDialog = lazy(async () => ({ default: (await import('./sign-out-dialog')).SignOutDialog }))

/** Signs out at once, unless a call would be left behind: then it asks. */
export function askToSignOut(signOut: () => void): void {
  if (floorStore.getState().calls.length > 0) showOverlay('sign_out')
  else signOut()
}

export function Overlays({ session, onSignOut }: { session: Session; onSignOut: () => void }) {
  const open = useStore(overlayStore, (state) => state.open)
  const close = () => showOverlay(null)
  useEffect(() => {
    const timer = setTimeout(() => void loadPalette(), PALETTE_AFTER_MS)
    return () => clearTimeout(timer)
  }, [])
  return (
    <Suspense>
      {open === 'keys' && <HotkeySettings onClose={close} />}
      {open === 'palette' && <Palette session={session} onClose={close} onSignOut={() => askToSignOut(onSignOut)} />}
      {open === 'password' && <PasswordDialog session={session} onClose={close} />}
      {open === 'sign_out' && <SignOutDialog onClose={close} onSignOut={onSignOut} />}
    </Suspense>
  )
}
