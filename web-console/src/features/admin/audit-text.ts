// What the audit trail says, in sentences.
import i18next from 'i18next'
import type { Schemas } from '@/api/types'
import { useTexts } from '@/i18n/use-texts'
import { keyText } from '@/i18n/words'

export type AuditRecord = Schemas['EventRecord']

export interface AuditText {
  who: (record: AuditRecord) => string
  what: (record: AuditRecord) => string
}

export function useAuditText(nameOf: (user: string) => string): AuditText {
  const { t } = useTexts('admin')
  return {
    who: ({ actor }) => (actor.by === 'user' ? nameOf(actor.user) : t(`audit.actor.${actor.by}`)),
    what: (record) => {
      if (record.area === 'access') {
        const { event } = record
        if (event.kind === 'recording_used') return t(`audit.recording.${event.how}`, { user: nameOf(event.user) })
        const address = 'address' in event && event.address ? ` (${event.address})` : ''
        return t(`audit.access.${event.kind}`, { user: nameOf(event.user), address })
      }
      if (record.area === 'directory') {
        const { event } = record
        const fields = event.kind === 'changed' && event.fields.length > 0 ? `: ${event.fields.map(keyText).join(', ').toLowerCase()}` : ''
        return t(`audit.directory.${event.kind}`, { thing: i18next.t(`api:thing.${event.thing}`), key: event.key, fields })
      }
      // A newer server counts more among what people answer for.
      return keyText(`${record.area} ${record.event.kind}`)
    },
  }
}
