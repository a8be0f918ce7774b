// What happened in a call, in sentences.
import type { Schemas } from '@/api/types'
import { clockText, waitRangeText } from '@/i18n/format'
import { useTexts } from '@/i18n/use-texts'
import { keyText } from '@/i18n/words'
import { useIdentityText } from '@/lib/caller-identity'
import type { Names } from '@/lib/use-names'
import { useLegText } from './leg-protection'
import { usePeerReasonText } from './peer-reason'
import { useSoundText } from './sound-text'

type EventRecord = Schemas['EventRecord']

export function useEventText(names: Names): (record: EventRecord) => string {
  const { t } = useTexts('calls')
  const identity = useIdentityText()
  const peerReason = usePeerReasonText()
  const soundText = useSoundText()
  const legText = useLegText()
  const target = (to: Schemas['TransferTarget']) => {
    switch (to.to) {
      case 'agent':
        return names.agent(to.agent)
      case 'queue':
        return names.queue(to.queue)
      case 'line':
        return keyText(to.line)
      case 'number':
        return t('event.to_number')
    }
  }
  return (record) => {
    if (record.area !== 'call') return keyText(`${record.area} ${record.event.kind}`)
    const { event } = record
    switch (event.kind) {
      case 'arrived':
        return event.session_id ? t('event.arrived_named', { number: event.number, session: event.session_id }) : t('event.arrived', { number: event.number })
      case 'caller_checked':
        return t('event.caller_checked', { result: identity.long(event.identity) })
      case 'answered':
        return t('event.answered', { time: clockText(event.unanswered_ms) })
      case 'dialled':
        return t('event.dialled', { agent: names.agent(event.agent) })
      case 'sent_out':
        return t(event.attempt > 1 ? 'event.sent_on' : 'event.sent_out', { trunk: event.trunk, session: event.session_id })
      case 'identified':
        return event.matches === 1 ? t('event.identified') : t('event.candidates', { count: event.matches })
      case 'ivr_entered':
        return t('event.ivr_entered', { node: keyText(event.node) })
      case 'queued': {
        const entry = event.reason ? t('event.queued_about', { queue: names.queue(event.queue), reason: names.reason(event.reason) }) : t('event.queued', { queue: names.queue(event.queue) })
        return event.expected ? t('event.queued_expecting', { entry, range: waitRangeText(event.expected) }) : entry
      }
      case 'offered':
        // By nobody's rule but somebody's hand.
        if (event.queue && record.actor.by === 'user') return t('event.given', { agent: names.agent(event.agent), name: names.agent(record.actor.user) })
        return t('event.offered', { agent: names.agent(event.agent) })
      case 'place_regained':
        return t('event.place_regained', { queue: names.queue(event.queue), wait: clockText(event.waited_ms) })
      case 'put_first':
        return t('event.put_first', { name: record.actor.by === 'user' ? names.agent(record.actor.user) : '' })
      case 'put_ahead': {
        const name = record.actor.by === 'user' ? names.agent(record.actor.user) : ''
        return event.secs == null ? t('event.put_back', { name }) : t('event.put_ahead', { name, time: clockText(event.secs * 1_000) })
      }
      case 'offer_missed':
        return t(`event.offer_missed.${event.cause}`, { agent: names.agent(event.agent) })
      case 'connected':
        return t('event.connected', { agent: names.agent(event.agent), wait: clockText(event.waited_ms) })
      case 'held':
        return t('event.held', { agent: names.agent(event.agent) })
      case 'resumed':
        return t('event.resumed', { agent: names.agent(event.agent) })
      case 'fork_began':
        return t(event.session > 1 ? 'event.fork_began.again' : 'event.fork_began.first', { to: keyText(event.to) })
      case 'fork_paused':
        return t(`event.fork_paused.${event.cause}`)
      case 'fork_resumed':
        return t('event.fork_resumed')
      case 'fork_ended':
        return t(`event.fork_ended.${event.cause}`, { to: keyText(event.to) })
      case 'fork_failed':
        return t(`event.fork_failed.${event.cause}`, { to: keyText(event.to) })
      case 'recording_started':
        return t(`event.recording_started.${event.cause}`, { part: event.part })
      case 'recording_paused':
        return t(`event.recording_paused.${event.cause}`)
      case 'recording_resumed':
        return t(`event.recording_resumed.${event.cause}`)
      case 'recording_stopped_by_hand':
        return t('event.recording_stopped_by_hand')
      case 'recording_stopped':
        return event.missing_ms ? t('event.recording_stopped_incomplete', { time: clockText(event.length_ms), missing: clockText(event.missing_ms) }) : t('event.recording_stopped', { time: clockText(event.length_ms) })
      case 'recording_expired':
        return t('event.recording_expired')
      case 'recording_failed':
        return t(`event.recording_failed.${event.cause}`)
      case 'parked':
        return t('event.parked', { agent: names.agent(event.agent), slot: event.slot })
      case 'park_returned':
        return t('event.park_returned', { agent: names.agent(event.agent), slot: event.slot })
      case 'hold_recalled':
      case 'hold_returned':
        return t(`event.${event.kind}`, { agent: names.agent(event.agent) })
      case 'transferred':
        return t('event.transferred', { from: names.agent(event.from), to: target(event.to) })
      case 'consult_began':
        return t('event.consult_began', { agent: names.agent(event.agent), to: target(event.to) })
      case 'consult_offered':
        return t('event.consult_offered', { agent: names.agent(event.to), queue: names.queue(event.queue) })
      case 'consult_missed':
        return t(`event.offer_missed.${event.cause}`, { agent: names.agent(event.by) })
      case 'consult_answered':
        return t('event.consult_answered', { agent: names.agent(event.agent), to: target(event.to) })
      case 'consult_ended':
        return t(event.was_reached ? 'event.consult_ended' : 'event.consult_failed', { agent: names.agent(event.agent), to: target(event.to) })
      case 'conferenced':
        return event.to ? t('event.joined', { agent: names.agent(event.agent), to: target(event.to) }) : t('event.conferenced', { agent: names.agent(event.agent) })
      case 'party_left':
        return t('event.party_left', { to: target(event.to) })
      case 'listen_started':
        return t('event.listen_started', { name: names.agent(event.supervisor) })
      case 'listen_ended':
        return t('event.listen_ended', { name: names.agent(event.supervisor) })
      case 'supervision_changed':
        return t(`event.supervision.${event.mode}`, { name: names.agent(event.supervisor) })
      case 'taken_over':
        return t('event.taken_over', { name: names.agent(event.supervisor), from: names.agent(event.from) })
      case 'abandoned':
        return t('event.abandoned', { queue: names.queue(event.queue), wait: clockText(event.waited_ms) })
      case 'flowed_out':
        return t(`event.flowed_out.${event.cause}`, { queue: names.queue(event.queue), wait: clockText(event.waited_ms) })
      case 'callback_requested':
        return t('event.callback_requested', { queue: names.queue(event.queue) })
      case 'callback_began':
        return t('event.callback_began', { queue: names.queue(event.queue) })
      case 'voicemail_left':
        return t('event.voicemail_left', { queue: names.queue(event.queue), length: clockText(event.length_ms) })
      case 'voicemail_not_left':
        return t('event.voicemail_not_left', { queue: names.queue(event.queue) })
      case 'media_lost':
        return t('event.media_lost', { party: t(`party.${event.party}`) })
      case 'media_back':
        return t('event.media_back', { party: t(`party.${event.party}`) })
      case 'audio_poor':
      case 'audio_clear':
        return t(`event.${event.kind}`, { party: t(`party.${event.party}`), figures: soundText(event.quality) })
      case 'dead_air_began':
        return t('event.dead_air_began', { lasted: clockText(event.silent_ms) })
      case 'dead_air_ended':
        return t('event.dead_air_ended', { lasted: clockText(event.lasted_ms) })
      case 'leg_agreed':
        return t('event.leg_agreed', { party: t(`party.${event.party}`), protection: legText(event) })
      case 'audio_measured':
        return t('event.audio_measured', { party: t(`party.${event.party}`), figures: soundText(event.quality) })
      case 'answer_detected':
        return t('event.answer_detected', { answer: t(`answer.${event.answer}`), cause: t(`answer_cause.${event.cause}`), time: clockText(event.after_ms) })
      case 'beeped':
        return t('event.beeped', { time: clockText(event.after_ms) })
      case 'message_chosen':
        return t('event.message_chosen', { agent: names.agent(event.agent), prompt: event.prompt })
      case 'message_left':
        return t('event.message_left', { prompt: event.prompt })
      case 'recovered':
        return t('event.recovered')
      case 'not_recovered':
        return t(event.queue ? 'event.not_recovered_owed' : 'event.not_recovered', { queue: event.queue ? names.queue(event.queue) : '' })
      case 'reason_given':
        if (event.trunk) return t('event.reason_given.trunk', { trunk: event.trunk, reason: peerReason(event.reason) })
        return t(`event.reason_given.${event.by === 'customer' || event.by === 'agent' ? event.by : 'asked'}`, { reason: peerReason(event.reason) })
      case 'ended': {
        const end = { party: t(`party.${event.by}`), cause: t(`cause.${event.cause}`) }
        return event.reason ? t('event.ended_saying', { ...end, reason: peerReason(event.reason) }) : t('event.ended', end)
      }
      case 'disposed':
        return t('event.disposed', { agent: names.agent(event.agent), disposition: names.disposition(event.disposition) })
      default:
        // A newer server knows more kinds.
        return keyText((event as { kind: string }).kind)
    }
  }
}
