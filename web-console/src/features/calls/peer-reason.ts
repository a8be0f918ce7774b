// Why the other side of a call ended or refused it, in its own words (Reason, RFC 3326).
import type { Schemas } from '@/api/types'
import { useTexts } from '@/i18n/use-texts'

type PeerReason = Schemas['PeerReason']

/** Causes of the telephone network (Q.850) that have a sentence. */
const Q850 = [1, 2, 3, 16, 17, 18, 19, 20, 21, 22, 23, 25, 26, 27, 28, 29, 31, 34, 38, 41, 42, 43, 44, 47, 50, 55, 57, 58, 63, 65, 69, 79, 81, 87, 88, 95, 96, 97, 98, 99, 100, 101, 102, 111, 127] as const
type Cause = (typeof Q850)[number]

const isKnown = (cause: number): cause is Cause => (Q850 as readonly number[]).includes(cause)

/** A known cause as a sentence; else the number, and the text as the other side wrote it. */
export function usePeerReasonText(): (reason: PeerReason) => string {
  const { t } = useTexts('calls')
  return ({ protocol, cause, text }) => {
    if (protocol === 'Q.850' && cause != null && isKnown(cause)) return t('peer_reason.said', { what: t(`peer_reason.q850.${cause}`), protocol, cause })
    if (cause == null) return t('peer_reason.text', { protocol, text: text ?? '' })
    return text ? t('peer_reason.number_text', { protocol, cause, text }) : t('peer_reason.number', { protocol, cause })
  }
}
