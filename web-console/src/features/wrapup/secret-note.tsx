// A field for what a customer says in secret: it is sent and kept nowhere, and while the agent is in it nothing is recorded nor sent to outside systems.
import { Copy, X } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { useTexts } from '@/i18n/use-texts'
import { useCommand } from '@/lib/use-command'
import { live } from '@/live/console'
import type { CallView } from '@/live/protocol'
import { Button, Section, TextField } from '@/ui'

export function SecretNote({ call }: { call: CallView }) {
  const { t } = useTexts('wrapup')
  const { run } = useCommand()
  const [text, setText] = useState('')
  const [isInside, setInside] = useState(false)
  const { id, recording } = call
  const forks = call.forks ?? []
  const holds = recording.is === 'paused' && recording.causes.includes('form_field')
  const isRecorded = recording.is === 'on' || recording.is === 'paused'
  const isAsked = useRef(false)
  // The wish that is on its way; 0: none.
  const pending = useRef(0)
  const wishes = useRef(0)
  // Where nothing is recorded, what goes to outside systems pauses by itself; a pause of theirs does not say why.
  const isOff = recording.is === 'off' || recording.is === 'failed'
  const isSent = () => isOff && forks.some((fork) => fork.state !== 'failed' && !(fork.state === 'paused' && isAsked.current))
  const hold = () => {
    // What holds may be the pause of a visit before, whose end is on its way: only the own one is enough.
    if (!(isRecorded || isSent()) || (isAsked.current && (holds || pending.current !== 0))) return
    isAsked.current = true
    wishes.current += 1
    const wish = wishes.current
    pending.current = wish
    void run({ do: 'recording', call: id, asked: { what: 'pause', cause: 'form_field' } }).then(() => {
      if (pending.current === wish) pending.current = 0
    })
  }
  // The server hears wishes in their order: this one behind the pause, even if that is on its way.
  const letGo = () => {
    if (!isAsked.current) return
    isAsked.current = false
    pending.current = 0
    // Its longest time may be over, or the call: nobody needs to hear of that.
    void live.command({ do: 'recording', call: id, asked: { what: 'resume', cause: 'form_field' } })
  }
  const was = useRef(recording.is)
  const wasForked = useRef(forks.length > 0)
  useEffect(() => {
    // A recording that begins while the field is filled in begins paused. Past its longest time a pause is over although the field has
    // the focus: the next key pauses anew.
    if (isInside && recording.is === 'on' && was.current === 'off') hold()
    else if (isInside && forks.length > 0 && !wasForked.current) hold()
    was.current = recording.is
    wasForked.current = forks.length > 0
  })
  // Whoever goes to another page leaves the field too.
  useEffect(
    () => () => {
      if (isAsked.current) void live.command({ do: 'recording', call: id, asked: { what: 'resume', cause: 'form_field' } })
    },
    [id],
  )
  return (
    <Section title={t('secret.title')}>
      <div className="flex flex-col gap-1.5">
        <TextField
          label={t('secret.label')}
          isLabelHidden
          placeholder={t('secret.placeholder')}
          help={holds && isInside ? t('secret.holds') : t('secret.help')}
          value={text}
          onChange={(typed) => {
            hold()
            setText(typed)
          }}
          onFocus={() => {
            setInside(true)
            hold()
          }}
          onBlur={(event) => {
            // Another window has come to the front, perhaps the one that this is typed into: the field is not left.
            if (document.activeElement === event.target) return
            setInside(false)
            letGo()
          }}
          maxLength={200}
          autoComplete="off"
          spellCheck="false"
          inputClassName={isInside ? '' : '[-webkit-text-security:disc]'}
          data-testid="secret-note"
        />
        {text !== '' && (
          <div className="flex gap-1.5">
            <Button size="sm" icon={Copy} onPress={() => void navigator.clipboard.writeText(text)}>
              {t('secret.copy')}
            </Button>
            <Button size="sm" tone="plain" icon={X} onPress={() => setText('')}>
              {t('secret.clear')}
            </Button>
          </div>
        )}
      </div>
    </Section>
  )
}
