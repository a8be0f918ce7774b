// Keys for call control. All with Alt+Shift, so that no typed letter ever answers or ends a call; they can be switched off.
import { useNavigate } from '@tanstack/react-router'
import { useEffect } from 'react'
import { useTexts } from '@/i18n/use-texts'
import { useStore } from 'zustand'
import { createStore } from 'zustand/vanilla'
import { runDockAction, type DockAction } from '@/features/dock/actions'
import { readSetting, writeSetting } from '@/lib/storage'
import { foremostCall, floorStore } from '@/live/stores/floor'
import { Checkbox, Dialog } from '@/ui'

const KEYS = {
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

const hotkeyStore = createStore<HotkeyState>(() => ({ isOn: readSetting('hotkeys') !== 'off', isHelpOpen: false }))

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

export function HotkeyHelp() {
  const { t } = useTexts('app')
  const { isOn, isHelpOpen } = useStore(hotkeyStore)
  return (
    <Dialog title={t('keys.title')} isOpen={isHelpOpen} onClose={() => hotkeyStore.setState({ isHelpOpen: false })} closeLabel={t('common:close')} width="sm">
      <p className="mb-3 text-ink-2">{t('keys.hint')}</p>
      <dl className="mb-4 grid grid-cols-[1fr_auto] gap-y-1.5">
        {(Object.keys(KEYS) as Array<keyof typeof KEYS>).map((name) => (
          <div key={name} className="contents">
            <dt>{t(`keys.${name}`)}</dt>
            <dd>
              <Key text={`Alt+Shift+${KEYS[name]}`} />
            </dd>
          </div>
        ))}
        <dt>{t('keys.help')}</dt>
        <dd>
          <Key text="?" />
        </dd>
      </dl>
      <Checkbox
        isSelected={isOn}
        onChange={(isSelected) => {
          writeSetting('hotkeys', isSelected ? 'on' : 'off')
          hotkeyStore.setState({ isOn: isSelected })
        }}
      >
        {t('keys.enabled')}
      </Checkbox>
    </Dialog>
  )
}

function Key({ text }: { text: string }) {
  return <kbd className="rounded-sm border border-line-strong bg-ground px-1.5 py-0.5 font-sans text-xs">{text}</kbd>
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName))
}
