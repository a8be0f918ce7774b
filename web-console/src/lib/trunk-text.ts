// What is known of a trunk at work, in words.
import type { Schemas } from '@/api/types'
import { timeText } from '@/i18n/format'
import { useTexts } from '@/i18n/use-texts'

export type TrunkView = Schemas['TrunkView']
type Fault = Schemas['TrunkFault']

/** Calls cannot be expected to go through. */
export function isTrunkBad({ health, registration }: TrunkView): boolean {
  return health.is === 'down' || registration.is === 'failed'
}

export function useTrunkText() {
  const { t, i18n } = useTexts('app')
  const fault = (wrong: Fault) => {
    if (wrong.why === 'refused') return t('common:trunk_state.refused', { status: wrong.status })
    if (wrong.why === 'certificate') return t(`common:trunk_state.certificate.${wrong.problem}`)
    return t(`common:trunk_state.${wrong.why}`)
  }
  return {
    /** Empty for a trunk that nobody asks and that registers nowhere. */
    state: ({ health, registration }: TrunkView): string => {
      if (health.is === 'down') return t('common:trunk_state.down', { why: fault(health.fault) })
      if (registration.is === 'failed') return t('common:trunk_state.unregistered', { why: fault(registration.fault) })
      const words = [health.is === 'up' ? t('common:trunk_state.up') : '', registration.is === 'registered' ? t('common:trunk_state.registered') : '']
      return words.filter((word) => word !== '').join(', ')
    },
    since: (trunk: TrunkView): string => {
      const isOfHealth = trunk.health.is === 'down' || trunk.registration.is === 'off'
      return t('common:trunk_state.since', { at: timeText(isOfHealth ? trunk.health_since : trunk.registration_since, i18n.language) })
    },
  }
}
