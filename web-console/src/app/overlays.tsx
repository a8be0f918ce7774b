// What opens over the page, from its menu or by keys. It loads when it is first asked for.
import { createElement, lazy, Suspense, useEffect, useState } from 'react'
import { useStore } from 'zustand'
import type { Session } from '@/api/session'
import { floorStore } from '@/live/stores/floor'
import { overlayStore, showOverlay } from './hotkeys'

const HotkeySettings = lazy(async () => ({ default: (await import('./hotkey-settings')).HotkeySettings }))
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
  const palette = usePalette(open === 'palette')
  return (
    <Suspense>
      {open === 'keys' && <HotkeySettings onClose={close} />}
      {open === 'palette' && palette && createElement(palette.Palette, { session, onClose: close, onSignOut: () => askToSignOut(onSignOut) })}
      {open === 'password' && <PasswordDialog session={session} onClose={close} />}
      {open === 'sign_out' && <SignOutDialog onClose={close} onSignOut={onSignOut} />}
    </Suspense>
  )
}

type PaletteModule = typeof import('./palette')

/** When the page has had its time to open. */
const PALETTE_AFTER_MS = 1_000

/** The palette is here before it is asked for: who types right after its keys must not lose letters while it loads. */
function usePalette(isWanted: boolean): PaletteModule | undefined {
  const [palette, setPalette] = useState<PaletteModule>()
  const isHere = palette !== undefined
  useEffect(() => {
    if (isHere) return
    const timer = setTimeout(() => void import('./palette').then(setPalette), isWanted ? 0 : PALETTE_AFTER_MS)
    return () => clearTimeout(timer)
  }, [isHere, isWanted])
  return palette
}
