// What is to be done beside calls: messages that are offered to this agent, and those that are open here.
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { Check, Headphones, Phone, Undo2, Voicemail } from 'lucide-react'
import { useEffect, useState } from 'react'
import { api } from '@/api/client'
import { problemText } from '@/api/problem-text'
import { dispositionsQuery, inLanguage, queuesQuery } from '@/api/queries'
import type { WorkItemView } from '@/api/records'
import { clockText, phoneText, pointText } from '@/i18n/format'
import { segmentText } from '@/i18n/words'
import { useTexts } from '@/i18n/use-texts'
import { isFreeToDial } from '@/lib/call-end'
import { placeCall } from '@/lib/place-call'
import { useFloor, useIsUp, useNow } from '@/lib/use-live'
import type { AgentView } from '@/live/protocol'
import { ringOnce } from '@/phone/ringer'
import { Button, Countdown, cx, Select, showToast } from '@/ui'

type Work = AgentView['work'][number]

/** The ticket of a message is opened a moment after the message was left. */
const TICKET_MS = 2_000

export function WorkItems({ work }: { work: readonly Work[] }) {
  const { t } = useTexts('work')
  return (
    <section aria-label={t('label')} data-testid="work" className="border-b border-line bg-surface">
      {work.map((one) => (
        <Item key={one.item} work={one} />
      ))}
    </section>
  )
}

function Item({ work }: { work: Work }) {
  const { t, i18n } = useTexts('work')
  const now = useNow()
  const { data: item, isError } = useQuery({
    queryKey: ['work-items', work.item],
    queryFn: ({ signal }) => api.get<WorkItemView>(`/work-items/${work.item}`, {}, signal),
    refetchInterval: ({ state }) => (state.data && state.data.ticket == null ? TICKET_MS : false),
  })
  const { data: queues } = useQuery(queuesQuery)
  useEffect(() => {
    if (work.is_offered) ringOnce()
  }, [work.is_offered])
  const queue = queues?.find((one) => one.id === work.queue)
  const who = item ? (item.name ?? (item.number ? phoneText(item.number) : t('withheld'))) : ''
  const details = item && [
    queue?.name ?? work.queue,
    item.segment ? segmentText(item.segment) : null,
    item.name && item.number ? phoneText(item.number) : null,
    t('length', { length: clockText(item.kind.length_ms) }),
    t('since', { when: pointText(item.queued_at, now, i18n.language) }),
  ]
  return (
    <div data-testid={work.is_offered ? 'work-offer' : 'work-open'} className={cx('flex min-h-10 flex-wrap items-center gap-x-3 gap-y-1 px-3 py-1', work.is_offered && 'bg-good-soft')}>
      <Voicemail size={18} aria-hidden className={cx('shrink-0', work.is_offered ? 'text-good' : 'text-ink-3')} />
      <div className="min-w-0 flex-1">
        <p className="truncate font-semibold">
          {t('voicemail')} {who && t('of', { who })}
        </p>
        <p className="truncate text-xs text-ink-2">{isError ? t('failed') : details?.filter(Boolean).join(' · ')}</p>
      </div>
      <span className="shrink-0 text-xs text-ink-3">
        {!work.is_offered && `${t('left')} `}
        <Countdown until={work.until} className={work.is_offered ? 'text-lg font-semibold text-ink' : ''} />
      </span>
      {work.is_offered ? <OfferButtons work={work} /> : item && <OpenButtons item={item} needsDisposition={queue?.wrap_up.mode === 'until_disposition'} />}
      <p className="sr-only" aria-live="assertive">
        {work.is_offered && who ? t('announce', { who }) : ''}
      </p>
    </div>
  )
}

/** Asks for a move; a refusal becomes a sentence on screen. */
function useMove(item: string) {
  const [isPending, setPending] = useState(false)
  const move = async (what: 'accept' | 'decline' | 'done' | 'give-back', body?: object) => {
    setPending(true)
    try {
      await api.post(`/work-items/${item}/${what}`, body)
      return true
    } catch (error) {
      showToast({ tone: 'bad', text: problemText(error) })
      return false
    } finally {
      setPending(false)
    }
  }
  return { move, isPending }
}

function OfferButtons({ work }: { work: Work }) {
  const { t } = useTexts('work')
  const isUp = useIsUp()
  const navigate = useNavigate()
  const { move, isPending } = useMove(work.item)
  const { data: item } = useQuery<WorkItemView>({ queryKey: ['work-items', work.item], enabled: false })
  const take = async () => {
    if ((await move('accept')) && item?.ticket) await navigate({ to: '/tickets/$id', params: { id: item.ticket } })
  }
  return (
    <div className="flex shrink-0 items-center gap-2">
      <Button tone="quiet" isDisabled={!isUp || isPending} onPress={() => void move('decline')} data-testid="work-decline">
        {t('decline')}
      </Button>
      <Button tone="good" isDisabled={!isUp || isPending} onPress={() => void take()} data-testid="work-accept">
        {t('accept')}
      </Button>
    </div>
  )
}

function OpenButtons({ item, needsDisposition }: { item: WorkItemView; needsDisposition: boolean }) {
  const { t, i18n } = useTexts('work')
  const isUp = useIsUp()
  const isFree = useFloor((floor) => isFreeToDial(floor.calls))
  const { move, isPending } = useMove(item.id)
  const { data: tree = [] } = useQuery({ ...dispositionsQuery, enabled: needsDisposition })
  const [disposition, setDisposition] = useState<string | null>(null)
  const [isHeard, setHeard] = useState(false)
  const leaves = tree.filter((one) => one.is_active && !tree.some((other) => other.parent === one.id))
  return (
    <div className="flex flex-wrap items-center gap-2">
      {isHeard ? (
        // oxlint-disable-next-line jsx-a11y/media-has-caption -- there is no text of what was said
        <audio controls autoPlay src={`/api/v1/recordings/${item.kind.recording}/audio`} aria-label={t('listen')} className="h-8 w-64 max-w-full" data-testid="work-audio" />
      ) : (
        <Button size="sm" icon={Headphones} onPress={() => setHeard(true)} data-testid="work-listen">
          {t('listen')}
        </Button>
      )}
      {item.ticket && (
        <Link to="/tickets/$id" params={{ id: item.ticket }} className="text-accent-ink hover:underline" data-testid="work-ticket">
          {t('ticket')}
        </Link>
      )}
      {item.number && (
        <Button size="sm" icon={Phone} isDisabled={!isUp || !isFree} onPress={() => void placeCall(item.number ?? '', item.customer ?? null)} data-testid="work-call-back">
          {t('call_back')}
        </Button>
      )}
      {needsDisposition && (
        <Select
          label={t('about')}
          isLabelHidden
          choices={leaves.map((leaf) => ({ id: leaf.id, label: inLanguage(leaf.names, i18n.language) }))}
          value={disposition}
          onChange={setDisposition}
          placeholder={t('about')}
          className="w-44"
          data-testid="work-disposition"
        />
      )}
      <Button size="sm" icon={Undo2} tone="quiet" isDisabled={!isUp || isPending} onPress={() => void move('give-back')} data-testid="work-give-back">
        {t('give_back')}
      </Button>
      <Button size="sm" icon={Check} tone="good" isDisabled={!isUp || isPending || (needsDisposition && disposition === null)} onPress={() => void move('done', { disposition })} data-testid="work-done">
        {t('done')}
      </Button>
    </div>
  )
}
