// The screen pop: who calls, at ring, in the call's own tab. Four designed states: one customer, several, none, withheld.
import { useQuery } from '@tanstack/react-query'
import { useLayoutEffect } from 'react'
import { api } from '@/api/client'
import type { CustomerSnapshot } from '@/api/types'
import { useTexts } from '@/i18n/use-texts'
import { LoadProblem } from '@/lib/load-problem'
import { useFloor } from '@/lib/use-live'
import type { CallView } from '@/live/protocol'
import { floorStore } from '@/live/stores/floor'
import { SkeletonLines } from '@/ui'
import { Chooser } from './chooser'
import { Newcomer } from './newcomer'
import { Record } from './record'

export function Pop({ call }: { call: CallView }) {
  const { t } = useTexts('desk')
  const matches = useFloor((floor) => floor.pops.get(call.id))
  const customer = call.party.customer ?? null
  const popped = matches?.find((match) => match.customer.id === customer)
  // Somebody whom the pop did not carry: chosen by hand, or made just now.
  const fetched = useQuery({
    queryKey: ['customers', customer, 'snapshot'],
    queryFn: ({ signal }) => api.get<CustomerSnapshot>(`/customers/${customer ?? ''}/snapshot`, {}, signal),
    enabled: customer !== null && !popped,
  })
  const snapshot = customer === null ? undefined : (popped ?? fetched.data)

  if (snapshot) {
    return (
      <Painted call={call} state="one">
        <Record call={call} snapshot={snapshot} />
      </Painted>
    )
  }
  if (customer !== null) {
    return fetched.isError ? <LoadProblem problem={fetched.error} onRetry={() => void fetched.refetch()} /> : (
      <SkeletonLines count={8} label={t('common:loading')} />
    )
  }
  if (matches && matches.length > 1) {
    return (
      <Painted call={call} state="several">
        <Chooser call={call} matches={matches} />
      </Painted>
    )
  }
  if (matches === undefined && call.party.number && call.state.is === 'offered') return <SkeletonLines count={8} label={t('common:loading')} />
  return (
    <Painted call={call} state={call.party.number ? 'none' : 'withheld'}>
      <Newcomer call={call} />
    </Painted>
  )
}

/** Marks kept for measurement; older ones make room, since a shift has hundreds. */
const MARKS_MAX = 20

/** Wraps a painted pop and notes when it was on screen, for the time from INVITE to paint. */
function Painted({ call, state, children }: { call: CallView; state: 'one' | 'several' | 'none' | 'withheld'; children: React.ReactNode }) {
  const id = call.id
  useLayoutEffect(() => {
    // After the next frame the message runs: then the pixels are out.
    const frame = requestAnimationFrame(() => {
      const channel = new MessageChannel()
      channel.port1.onmessage = () => {
        if (performance.getEntriesByName('pop-painted').length >= MARKS_MAX) performance.clearMarks('pop-painted')
        performance.mark('pop-painted', { detail: { call: id, arrived_at: floorStore.getState().arrivals.get(id) ?? null, painted_at: Date.now() } })
        channel.port1.close()
      }
      channel.port2.postMessage(null)
    })
    return () => cancelAnimationFrame(frame)
  }, [id, state])
  return (
    <div data-testid="pop" data-match={state} className="h-full">
      {children}
    </div>
  )
}
