import { Coffee } from 'lucide-react'
import type { PauseReason } from '@/api/types'
import { useTexts } from '@/i18n/use-texts'
import { DirectoryPage, type FieldsProps, type Kind } from '../directory'
import { NamesAndKey, useNamedKind } from '../named'

/** The exchange sets these itself. */
const RESERVED = ['missed', 'device']

export function PausesSection() {
  const { t } = useTexts('admin')
  const named = useNamedKind<PauseReason>()
  const kind: Kind<PauseReason> = {
    ...named,
    section: 'pauses',
    icon: Coffee,
    path: '/pause-reasons',
    columns: [
      { id: 'es', title: 'Español', width: 'minmax(140px, 1fr)', cell: (reason) => <span className="font-medium">{reason.names.es ?? ''}</span> },
      { id: 'en', title: 'English', width: 'minmax(140px, 1fr)', cell: (reason) => <span className="font-medium">{reason.names.en ?? ''}</span> },
      { id: 'id', title: t('field.key'), width: 'minmax(96px, 0.6fr)', isWide: true, cell: (reason) => <span className="text-ink-3">{reason.id}</span> },
    ],
    blank: () => ({ id: '', names: {} }),
    check: (reason, isNew) => {
      const wrong = named.check(reason, isNew)
      return { ...wrong, id: wrong.id ?? (RESERVED.includes(reason.id) ? t('pauses.reserved') : undefined) }
    },
    Fields,
  }
  return <DirectoryPage kind={kind} />
}

function Fields({ form, isNew }: FieldsProps<PauseReason>) {
  return <NamesAndKey form={form} isNew={isNew} />
}
