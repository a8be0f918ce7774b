// The list of keys, where each can be changed, and all can be switched off.
import { RotateCcw } from 'lucide-react'
import { useState, type KeyboardEvent } from 'react'
import { useStore } from 'zustand'
import { useTexts } from '@/i18n/use-texts'
import { chordOf, chordProblem, chordText, DEFAULT_KEYS, keymapStore, resetKeys, setKeys, SHORTCUTS, switchKeys, type Chord, type Shortcut } from '@/lib/keymap'
import { Button, Checkbox, cx, Dialog } from '@/ui'

export function HotkeySettings({ onClose }: { onClose: () => void }) {
  const { t } = useTexts('app')
  const { isOn, keys } = useStore(keymapStore)
  const [asked, setAsked] = useState<Shortcut | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const isChanged = SHORTCUTS.some((name) => keys[name] !== DEFAULT_KEYS[name])

  const choose = (name: Shortcut, chord: Chord) => {
    const reason = chordProblem(chord)
    if (reason) {
      setProblem(t(`keys.problem.${reason}`, { keys: chordText(chord) }))
      return
    }
    const loser = SHORTCUTS.find((other) => other !== name && keys[other] === chord)
    setKeys(name, chord)
    setAsked(null)
    setProblem(loser ? t('keys.taken_from', { action: t(`keys.${loser}`) }) : null)
  }
  return (
    <Dialog
      title={t('keys.title')}
      isOpen
      onClose={onClose}
      closeLabel={t('common:close')}
      footer={
        <div className="flex w-full flex-wrap items-center justify-between gap-2">
          <Checkbox isSelected={isOn} onChange={switchKeys} data-testid="keys-on">
            {t('keys.enabled')}
          </Checkbox>
          <Button size="sm" icon={RotateCcw} isDisabled={!isChanged} onPress={resetKeys}>
            {t('keys.reset')}
          </Button>
        </div>
      }
    >
      <p className="mb-2 text-ink-2">{t(isOn ? 'keys.hint' : 'keys.off')}</p>
      <p role="status" className={cx('text-warn-ink', problem !== null && 'mb-2')}>
        {problem}
      </p>
      <ul className={cx('divide-y divide-line', !isOn && 'opacity-60')}>
        {SHORTCUTS.map((name) => (
          <li key={name} className="flex min-h-9 items-center gap-3">
            <span className="min-w-0 flex-1">{t(`keys.${name}`)}</span>
            <KeysButton
              name={name}
              chord={keys[name]}
              isAsked={asked === name}
              isDisabled={!isOn}
              onAsk={(isAsked) => {
                setAsked(isAsked ? name : null)
                setProblem(null)
              }}
              onChoose={(chord) => choose(name, chord)}
              onRemove={() => {
                setKeys(name, null)
                setAsked(null)
              }}
            />
          </li>
        ))}
        <li className="flex min-h-9 items-center gap-3">
          <span className="min-w-0 flex-1">{t('keys.help')}</span>
          <kbd className="px-2 font-sans text-ink-2">?</kbd>
        </li>
      </ul>
    </Dialog>
  )
}

interface KeysButtonProps {
  name: Shortcut
  chord: Chord | null
  isAsked: boolean
  isDisabled: boolean
  onAsk: (isAsked: boolean) => void
  onChoose: (chord: Chord) => void
  onRemove: () => void
}

/** Shows the keys; pressed, it waits for others. Escape leaves them as they are, Backspace takes them away. */
function KeysButton({ name, chord, isAsked, isDisabled, onAsk, onChoose, onRemove }: KeysButtonProps) {
  const { t } = useTexts('app')
  const listen = (event: KeyboardEvent) => {
    if (!isAsked || event.key === 'Tab') return
    // Nothing of this is meant for the dialog or for the console.
    event.preventDefault()
    event.stopPropagation()
    const pressed = chordOf(event.nativeEvent)
    if (pressed === null) return
    if (pressed === 'Escape') onAsk(false)
    else if (pressed === 'Backspace' || pressed === 'Delete') onRemove()
    else onChoose(pressed)
  }
  const shown = chord === null ? t('keys.none') : chordText(chord)
  return (
    <button
      type="button"
      disabled={isDisabled}
      aria-label={t('keys.change', { action: t(`keys.${name}`), keys: shown })}
      onClick={() => onAsk(!isAsked)}
      onKeyDown={listen}
      onBlur={() => isAsked && onAsk(false)}
      data-testid={`keys-${name}`}
      className={cx(
        'min-h-7 min-w-32 cursor-pointer rounded-sm border px-2 text-center disabled:cursor-not-allowed',
        isAsked ? 'border-accent bg-accent-soft text-accent-ink' : 'border-line-strong bg-ground hover:bg-hover',
        chord === null && !isAsked && 'text-ink-3',
      )}
    >
      {isAsked ? t('keys.press') : shown}
    </button>
  )
}
