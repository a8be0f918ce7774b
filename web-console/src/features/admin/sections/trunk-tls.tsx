// How the two sides of a trunk prove to each other over TLS who they are.
import type { Schemas } from '@/api/types'
import { useTexts } from '@/i18n/use-texts'
import { Checkbox, TextArea, TextField } from '@/ui'
import { Group } from '../form-parts'

type Tls = Required<Schemas['TrunkTls']>

export const USUAL_TLS: Tls = { is_required: false, authorities: '', fingerprints: [], names: [], shows: null }

/** Without empty lines and blanks around. */
export function tidyTls(tls: Schemas['TrunkTls'] | undefined): Tls {
  const { fingerprints, names, shows, authorities, is_required } = { ...USUAL_TLS, ...tls }
  const lines = (list: readonly string[]) => list.map((one) => one.trim()).filter((one) => one !== '')
  return { is_required, authorities: authorities.trim(), fingerprints: lines(fingerprints), names: lines(names), shows: shows?.trim() || null }
}

interface Props {
  tls: Schemas['TrunkTls'] | undefined
  onTls: (tls: Tls) => void
  /** Whether our calls go out over TLS. */
  isOutOverTls: boolean
  errorOf: (field: string) => string | undefined
}

export function TrunkTls({ tls, onTls, isOutOverTls, errorOf }: Props) {
  const { t } = useTexts('admin')
  const values: Tls = { ...USUAL_TLS, ...tls }
  const set = (change: Partial<Tls>) => onTls({ ...values, ...change })
  const lines = (text: string) => (text === '' ? [] : text.split('\n'))
  const errorIn = (field: 'names' | 'fingerprints') => errorOf(`tls.${field}`) ?? values[field].map((_, index) => errorOf(`tls.${field}[${String(index)}]`)).find(Boolean)
  const isOfUse = values.is_required || isOutOverTls
  return (
    <Group title={t('trunks.tls')}>
      <Checkbox isSelected={values.is_required} onChange={(isOn) => set({ is_required: isOn })} data-testid="field-tls-required">
        {t('trunks.tls_required')}
      </Checkbox>
      {isOfUse && (
        <>
          <TextArea
            label={t('trunks.tls_names')}
            value={values.names.join('\n')}
            onChange={(text) => set({ names: lines(text) })}
            rows={2}
            help={t('trunks.tls_names_help')}
            error={errorIn('names')}
            inputClassName="font-mono"
            data-testid="field-tls-names"
          />
          <TextArea
            label={t('trunks.tls_authorities')}
            value={values.authorities}
            onChange={(authorities) => set({ authorities })}
            rows={4}
            help={t('trunks.tls_authorities_help')}
            error={errorOf('tls.authorities')}
            inputClassName="font-mono"
            data-testid="field-tls-authorities"
          />
          <TextArea
            label={t('trunks.tls_fingerprints')}
            value={values.fingerprints.join('\n')}
            onChange={(text) => set({ fingerprints: lines(text) })}
            rows={2}
            help={t('trunks.tls_fingerprints_help')}
            error={errorIn('fingerprints')}
            inputClassName="font-mono"
            data-testid="field-tls-fingerprints"
          />
        </>
      )}
      {isOutOverTls && (
        <TextField
          label={t('trunks.tls_shows')}
          value={values.shows ?? ''}
          onChange={(text) => set({ shows: text === '' ? null : text })}
          placeholder="sip.example.com"
          autoComplete="off"
          help={t('trunks.tls_shows_help')}
          error={errorOf('tls.shows')}
          data-testid="field-tls-shows"
        />
      )}
    </Group>
  )
}
