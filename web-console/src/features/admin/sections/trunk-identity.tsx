// Whom a trunk is believed, and what we say of ourselves on it.
import type { Schemas } from '@/api/types'
import { useTexts } from '@/i18n/use-texts'
import { Checkbox, Select, TextArea } from '@/ui'
import { Group } from '../form-parts'

type Stir = Required<Schemas['TrunkStir']>
type Identity = Required<Schemas['TrunkIdentity']>

const CHECKS = ['off', 'verify', 'require'] as const
const REDIRECTIONS = ['none', 'diversion', 'history_info', 'both'] as const
const ASSERTED = ['none', 'pai', 'rpid'] as const
const ATTESTATIONS = ['A', 'B', 'C'] as const

export const NO_STIR: Stir = { check: 'off', takes_verstat: false, attests: null, own_numbers: [] }

export const USUAL_IDENTITY: Identity = { is_believed: true, asserts: 'none', is_hidden: false, redirections: 'none', routes_by_first_called: false }

interface Props {
  stir: Schemas['TrunkStir'] | undefined
  onStir: (stir: Stir) => void
  identity: Schemas['TrunkIdentity'] | undefined
  onIdentity: (identity: Identity) => void
  errorOf: (field: string) => string | undefined
}

export function TrunkIdentity({ stir, onStir, identity, onIdentity, errorOf }: Props) {
  const { t } = useTexts('admin')
  const values: Stir = { ...NO_STIR, ...stir }
  const set = (change: Partial<Stir>) => onStir({ ...values, ...change })
  const terms: Identity = { ...USUAL_IDENTITY, ...identity }
  const ownNumbersError = errorOf('stir.own_numbers') ?? values.own_numbers.map((_, index) => errorOf(`stir.own_numbers[${String(index)}]`)).find(Boolean)
  return (
    <Group title={t('trunks.identity')}>
      <Checkbox isSelected={terms.is_believed} onChange={(isOn) => onIdentity({ ...terms, is_believed: isOn })}>
        {t('trunks.is_believed')}
      </Checkbox>
      <Select
        label={t('trunks.asserts')}
        choices={[
          { id: 'none', label: t('trunks.asserts_none') },
          { id: 'pai', label: 'P-Asserted-Identity' },
          { id: 'rpid', label: 'Remote-Party-ID' },
        ]}
        value={terms.asserts}
        onChange={(id) => onIdentity({ ...terms, asserts: ASSERTED.find((one) => one === id) ?? 'none' })}
        error={errorOf('identity.asserts')}
        data-testid="field-asserts"
      />
      <Checkbox isSelected={terms.is_hidden} onChange={(isOn) => onIdentity({ ...terms, is_hidden: isOn })}>
        {t('trunks.is_hidden')}
      </Checkbox>
      <Select
        label={t('trunks.redirections')}
        choices={[
          { id: 'none', label: t('trunks.redirections_none') },
          { id: 'diversion', label: 'Diversion' },
          { id: 'history_info', label: 'History-Info' },
          { id: 'both', label: t('trunks.redirections_both') },
        ]}
        value={terms.redirections}
        onChange={(id) => onIdentity({ ...terms, redirections: REDIRECTIONS.find((one) => one === id) ?? 'none' })}
        error={errorOf('identity.redirections')}
        data-testid="field-redirections"
      />
      <Checkbox isSelected={terms.routes_by_first_called} onChange={(isOn) => onIdentity({ ...terms, routes_by_first_called: isOn })}>
        {t('trunks.routes_by_first_called')}
      </Checkbox>
      <Select
        label={t('trunks.stir_check')}
        choices={[
          { id: 'off', label: t('trunks.stir_check_off') },
          { id: 'verify', label: t('trunks.stir_check_verify') },
          { id: 'require', label: t('trunks.stir_check_require') },
        ]}
        value={values.check}
        onChange={(id) => set({ check: CHECKS.find((check) => check === id) ?? 'off' })}
        error={errorOf('stir.check')}
        data-testid="field-stir-check"
      />
      <Checkbox isSelected={values.takes_verstat} onChange={(isOn) => set({ takes_verstat: isOn })}>
        {t('trunks.takes_verstat')}
      </Checkbox>
      <Select
        label={t('trunks.attests')}
        choices={[
          { id: 'none', label: t('trunks.attests_none') },
          { id: 'A', label: 'A' },
          { id: 'B', label: 'B' },
          { id: 'C', label: 'C' },
        ]}
        value={values.attests ?? 'none'}
        onChange={(id) => set({ attests: ATTESTATIONS.find((attestation) => attestation === id) ?? null })}
        error={errorOf('stir.attests')}
      />
      {values.attests !== null && (
        <TextArea
          label={t('trunks.own_numbers')}
          value={values.own_numbers.join('\n')}
          onChange={(text) => set({ own_numbers: text === '' ? [] : text.split('\n') })}
          rows={2}
          help={t('trunks.own_numbers_help')}
          error={ownNumbersError}
          inputClassName="font-mono"
        />
      )}
    </Group>
  )
}
