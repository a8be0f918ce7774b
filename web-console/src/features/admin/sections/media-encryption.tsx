// Whether audio with a trunk or with a telephone is encrypted.
import type { Schemas } from '@/api/types'
import { useTexts } from '@/i18n/use-texts'
import { Select } from '@/ui'

type Encryption = Schemas['MediaEncryption']

const CHOICES = ['optional', 'required', 'never'] as const

interface Props {
  value: Encryption | undefined
  onChange: (value: Encryption) => void
  error: string | undefined
}

export function MediaEncryption({ value, onChange, error }: Props) {
  const { t } = useTexts('admin')
  return (
    <div className="flex flex-col gap-1">
      <Select
      label={t('media_encryption.label')}
      choices={CHOICES.map((id) => ({ id, label: t(`media_encryption.${id}`) }))}
      value={value ?? 'optional'}
      onChange={(id) => onChange(CHOICES.find((one) => one === id) ?? 'optional')}
      error={error}
      data-testid="field-media-encryption"
      />
      <p className="text-xs text-ink-3">{t('media_encryption.help')}</p>
    </div>
  )
}
