// Listens for the keys of the whole console and carries them out. Which they are is in `lib/keymap`.
import { useNavigate } from '@tanstack/react-router'
import { useEffect } from 'react'
import { createStore } from 'zustand/vanilla'
import { runDockAction } from '@/features/dock/actions'
import { chordOf, keymapStore, shortcutOf } from '@/lib/keymap'
import { foremostCall, floorStore } from '@/live/stores/floor'

/** What lies over the page by itself. */
interface Overlay {
  open: 'keys' | 'palette' | 'password' | 'sign_out' | null
}

export const overlayStore = createStore<Overlay>(() => ({ open: null }))

export function showOverlay(open: Overlay['open']): void {
  overlayStore.setState({ open })
}

export function useHotkeys(): void {
  const navigate = useNavigate()
  useEffect(() => {
    const toWrapUp = () => {
      const call = foremostCall(floorStore.getState().calls)
      if (call) void navigate({ to: '/desk/call/$callId', params: { callId: call.id } }).then(() => document.getElementById('call-notes')?.focus())
    }
    const onKey = (event: KeyboardEvent) => {
      if (event.repeat || event.defaultPrevented) return
      if (event.key === '?' && keymapStore.getState().isOn && !isTyping(event.target)) {
        showOverlay('keys')
        return
      }
      const action = shortcutOf(chordOf(event))
      if (!action) return
      event.preventDefault()
      if (action === 'palette') showOverlay(overlayStore.getState().open === 'palette' ? null : 'palette')
      else if (action === 'wrap_up') toWrapUp()
      else runDockAction(action)
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [navigate])
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName))
}
