// One pad, two uses: without a call it dials, in a call it sends tones.
import { Grid3x3, Phone } from 'lucide-react'
import { useCallback, useEffect, useState } from 'react'
import { useTexts } from '@/i18n/use-texts'
import { useStore } from 'zustand'
import { useKeysOf } from '@/lib/keymap'
import { isFreeToDial } from '@/lib/call-end'
import { placeCall } from '@/lib/place-call'
import { useFloor, useIsUp } from '@/lib/use-live'
import type { CallView } from '@/live/protocol'
import { keyTone, unlockAudio } from '@/phone/ringer'
import { Button, PopoverPanel, TextField, Tile } from '@/ui'
import { dockStore, openPanel, send } from './actions'

const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'] as const
/** As many as the server takes in one command. */
const DIGITS_MAX = 32

export function Keypad({ call }: { call: CallView | undefined }) {
  const { t } = useTexts('dock')
  const keys = useKeysOf('keypad')
  const text = call ? t('keypad.keys') : t('keypad.dial_short')
  const isOpen = useStore(dockStore, (state) => state.open === 'keypad')
  return (
    <PopoverPanel
      label={call ? t('keypad.tones') : t('keypad.dial')}
      placement="bottom end"
      isOpen={isOpen}
      onOpenChange={(open) => openPanel(open ? 'keypad' : null)}
      trigger={<Tile icon={Grid3x3} text={text} tip={keys ? `${text} (${keys.text})` : text} data-testid="keypad" aria-keyshortcuts={keys?.aria} />}
    >
      {call ? <TonePad call={call} /> : <DialPad onDone={() => openPanel(null)} />}
    </PopoverPanel>
  )
}

function TonePad({ call }: { call: CallView }) {
  const { t } = useTexts('dock')
  const [sent, setSent] = useState('')
  const { id } = call
  const press = useCallback(
    (key: string) => {
      keyTone(key)
      setSent((text) => (text + key).slice(-DIGITS_MAX))
      void send({ do: 'send_digits', call: id, digits: key })
    },
    [id],
  )
  // While the pad is open the keyboard's digits are its keys.
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!event.ctrlKey && !event.altKey && !event.metaKey && KEYS.includes(event.key as (typeof KEYS)[number])) press(event.key)
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [press])
  return (
    <div className="flex w-48 flex-col gap-2">
      <output aria-label={t('keypad.sent')} className="h-8 truncate rounded-md bg-ground px-2 text-lg leading-8">
        {sent}
      </output>
      <Pad onPress={press} />
    </div>
  )
}

function DialPad({ onDone }: { onDone: () => void }) {
  const { t } = useTexts('dock')
  const isUp = useIsUp()
  const isBusy = !useFloor((floor) => isFreeToDial(floor.calls))
  const [number, setNumber] = useState('')
  const dial = async () => {
    if (await placeCall(number.trim(), null)) onDone()
  }
  return (
    <form
      className="flex w-52 flex-col gap-2"
      onSubmit={(event) => {
        event.preventDefault()
        if (number.trim() !== '') void dial()
      }}
    >
      <TextField label={t('keypad.number')} value={number} onChange={setNumber} inputMode="tel" autoFocus data-testid="dial-number" />
      <Pad
        onPress={(key) => {
          unlockAudio()
          keyTone(key)
          setNumber((text) => text + key)
        }}
      />
      <Button type="submit" tone="accent" icon={Phone} isDisabled={number.trim() === '' || !isUp || isBusy} data-testid="dial">
        {t('keypad.call')}
      </Button>
      {isBusy && <p className="text-xs text-ink-3">{t('keypad.busy')}</p>}
    </form>
  )
}

function Pad({ onPress }: { onPress: (key: string) => void }) {
  return (
    <div className="grid grid-cols-3 gap-1">
      {KEYS.map((key) => (
        <Button key={key} size="lg" tone="quiet" onPress={() => onPress(key)} data-testid={`key-${key}`} excludeFromTabOrder={false}>
          {key}
        </Button>
      ))}
    </div>
  )
}
