// A supervisor tells a queue's agents, or all, something.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Megaphone } from 'lucide-react'
import { useRef, useState } from 'react'
import { api } from '@/api/client'
import { problemText } from '@/api/problem-text'
import { agentsQuery, queuesQuery } from '@/api/queries'
import { timeText } from '@/i18n/format'
import { useTexts } from '@/i18n/use-texts'
import { BROADCAST_CHARS_MAX, BROADCAST_MINUTES_MAX, broadcastsQuery } from '@/lib/broadcasts'
import { Button, Dialog, Select, showToast, TextField } from '@/ui'

/** A select wants a key. */
const ALL = '*'
const MINUTES = [5, 15, 60, 240, BROADCAST_MINUTES_MAX]

export function TellAgents() {
  const { t } = useTexts('live-board')
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      <Button size="sm" icon={Megaphone} onPress={() => setOpen(true)} data-testid="tell-agents">
        {t('tell.title')}
      </Button>
      {isOpen && (
        <Dialog title={t('tell.title')} isOpen onClose={() => setOpen(false)} closeLabel={t('common:close')}>
          <Form />
          <Shown />
        </Dialog>
      )}
    </>
  )
}

function Form() {
  const { t } = useTexts('live-board')
  const client = useQueryClient()
  const { data: queues = [] } = useQuery(queuesQuery)
  const [text, setText] = useState('')
  const [queue, setQueue] = useState(ALL)
  const [minutes, setMinutes] = useState('60')
  const [isBusy, setBusy] = useState(false)
  const isWrong = text.trim() === '' || text.trim().length > BROADCAST_CHARS_MAX
  const send = async () => {
    setBusy(true)
    try {
      await api.post('/broadcasts', { text: text.trim(), queue: queue === ALL ? null : queue, minutes: Number(minutes) })
      setText('')
      showToast({ tone: 'good', text: t('tell.sent') })
      await client.invalidateQueries({ queryKey: ['broadcasts'] })
    } catch (error) {
      showToast({ tone: 'bad', text: problemText(error) })
    } finally {
      setBusy(false)
    }
  }
  return (
    <div className="flex flex-col gap-3">
      <TextField label={t('tell.text')} value={text} onChange={setText} maxLength={BROADCAST_CHARS_MAX} help={t('tell.wrong', { most: BROADCAST_CHARS_MAX })} autoFocus data-testid="tell-text" />
      <div className="grid grid-cols-2 gap-2">
        <Select label={t('tell.queue')} choices={[{ id: ALL, label: t('tell.all') }, ...queues.map((one) => ({ id: one.id as string, label: one.name }))]} value={queue} onChange={setQueue} data-testid="tell-queue" />
        <Select label={t('tell.minutes')} choices={MINUTES.map((one) => ({ id: String(one), label: one < 60 ? `${one} min` : `${one / 60} h` }))} value={minutes} onChange={setMinutes} />
      </div>
      <Button tone="accent" icon={Megaphone} isDisabled={isWrong || isBusy} onPress={() => void send()} data-testid="tell-send">
        {t('tell.send')}
      </Button>
    </div>
  )
}

function Shown() {
  const { t, i18n } = useTexts('live-board')
  const client = useQueryClient()
  const { data: shown } = useQuery(broadcastsQuery)
  const { data: agents = [] } = useQuery(agentsQuery)
  const section = useRef<HTMLElement>(null)
  const end = async (id: string) => {
    // The button goes with its line. A focus that went with it would come back on the dialog's first button and open that one's
    // tip, which then takes the next Escape for itself.
    section.current?.focus()
    try {
      await api.delete(`/broadcasts/${id}`)
    } catch (error) {
      showToast({ tone: 'bad', text: problemText(error) })
    }
    await client.invalidateQueries({ queryKey: ['broadcasts'] })
  }
  return (
    <section ref={section} tabIndex={-1} aria-label={t('tell.now')} className="mt-4 border-t border-line pt-3 outline-none">
      {shown?.length === 0 && <p className="text-xs text-ink-3">{t('tell.none')}</p>}
      <ul className="flex flex-col gap-2">
        {shown?.map((one) => (
          <li key={one.id} className="flex items-baseline gap-3 text-sm">
            <span className="min-w-0 flex-1 break-words">
              {one.text} <span className="text-xs text-ink-3">{t('tell.until', { at: timeText(one.until, i18n.language), name: agents.find((agent) => agent.id === one.by)?.name ?? one.by })}</span>
            </span>
            <Button size="sm" onPress={() => void end(one.id)} data-testid="tell-end">
              {t('tell.end')}
            </Button>
          </li>
        ))}
      </ul>
    </section>
  )
}
