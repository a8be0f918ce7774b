import { Coffee } from 'lucide-react'
import { inLanguage } from '@/api/queries'
import type { PauseReason } from '@/api/types'
import { useTexts } from '@/i18n/use-texts'
import { TextField } from '@/ui'
import { DirectoryPage, type FieldsProps, type Kind } from '../directory'
import { NamesFields, tidyNames } from '../form-parts'
import { isKey, keyOfName } from '../keys'

/** The exchange sets these itself. */
const RESERVED = ['missed', 'device']

export function PausesSection() {
  const { t, i18n } = useTexts('admin')
  const kind: Kind<PauseReason> = {
    section: 'pauses',
    icon: Coffee,
    path: '/pause-reasons',
    keyOf: (reason) => reason.id,
    nameOf: (reason) => inLanguage(reason.names, i18n.language),
    columns: [
      { id: 'es', title: 'Español', width: 'minmax(140px, 1fr)', cell: (reason) => <span className="font-medium">{reason.names.es ?? ''}</span> },
      { id: 'en', title: 'English', width: 'minmax(140px, 1fr)', cell: (reason) => <span className="font-medium">{reason.names.en ?? ''}</span> },
      { id: 'id', title: t('field.key'), width: 'minmax(96px, 0.6fr)', isWide: true, cell: (reason) => <span className="text-ink-3">{reason.id}</span> },
    ],
    blank: () => ({ id: '', names: {} }),
    toBody: (reason) => ({ ...reason, names: tidyNames(reason.names) }),
    check: (reason, isNew) => ({
      'names.en': Object.keys(tidyNames(reason.names)).length === 0 ? t('names_missing') : undefined,
      id: isNew && !isKey(reason.id) ? t('key_wrong') : RESERVED.includes(reason.id) ? t('pauses.reserved') : undefined,
    }),
    Fields,
  }
  return <DirectoryPage kind={kind} />
}

function Fields({ form, isNew }: FieldsProps<PauseReason>) {
  const { t } = useTexts('admin')
  const { values, set, errorOf } = form
  return (
    <>
      <NamesFields
        names={values.names}
        isNew={isNew}
        onChange={(names) => {
          if (isNew && values.id === keyOfName(values.names.en ?? values.names.es ?? '')) set('id', keyOfName(names.en ?? names.es ?? ''))
          set('names', names)
        }}
        errorOf={errorOf}
      />
      {isNew ? (
        <TextField label={t('field.key')} value={values.id} onChange={(id) => set('id', id)} isRequired help={t('key_help')} error={errorOf('id')} data-testid="field-id" />
      ) : (
        <p className="text-xs text-ink-3">
          {t('field.key')}: <code className="text-ink-2">{values.id}</code>
        </p>
      )}
    </>
  )
}
