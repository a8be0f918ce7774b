// Keys for call control. All with Alt+Shift, so that no typed letter ever answers or ends a call; they can be switched off.
import { useNavigate } from '@tanstack/react-router'
import { useEffect } from 'react'
import { createStore } from 'zustand/vanilla'
import { runDockAction, type DockAction } from '@/features/dock/actions'
import { readSetting } from '@/lib/storage'
import { foremostCall, floorStore } from '@/live/stores/floor'

export const KEYS = {
  answer: 'A',
  hold: 'H',
  mute: 'M',
  transfer: 'T',
  keypad: 'D',
  hang_up: 'E',
  ready: 'R',
  wrap_up: 'W',
} as const

interface HotkeyState {
  isOn: boolean
  isHelpOpen: boolean
}

export const hotkeyStore = createStore<HotkeyState>(() => ({ isOn: readSetting('hotkeys') !== 'off', isHelpOpen: false }))

export function openHotkeyHelp(): void {
  hotkeyStore.setState({ isHelpOpen: true })
}

export function useHotkeys(): void {
  const navigate = useNavigate()
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === '?' && !isTyping(event.target)) {
        openHotkeyHelp()
        return
      }
      if (!event.altKey || !event.shiftKey || event.ctrlKey || event.metaKey || event.repeat || !hotkeyStore.getState().isOn) return
      const action = (Object.keys(KEYS) as Array<keyof typeof KEYS>).find((name) => event.code === `Key${KEYS[name]}`)
      if (!action) return
      event.preventDefault()
      if (action === 'wrap_up') {
        const call = foremostCall(floorStore.getState().calls)
        if (call) void navigate({ to: '/desk/call/$callId', params: { callId: call.id } }).then(() => document.getElementById('call-notes')?.focus())
      } else {
        runDockAction(action satisfies DockAction)
      }
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [navigate])
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName))
}
