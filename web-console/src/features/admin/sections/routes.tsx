import { Route } from 'lucide-react'
import type { Schemas } from '@/api/types'
import { useTexts } from '@/i18n/use-texts'
import { Badge, Checkbox, Select, TextField } from '@/ui'
import { DirectoryPage, useEntries, type FieldsProps, type Kind } from '../directory'
import { NameAndKey, NumberField, useKeyChecks, useRange } from '../form-parts'
import { plainNumber } from '../keys'
import { Rows } from '../rows'

type OutboundRoute = Schemas['OutboundRoute']
type RouteTrunk = Schemas['RouteTrunk']
type Trunk = Schemas['Trunk']

/** By which trunks numbers go out. */
export function RoutesSection() {
  const { t } = useTexts('admin')
  const checkKey = useKeyChecks()
  const range = useRange()
  const { data: trunks = [] } = useEntries<Trunk>('/trunks')
  const nameOf = (id: string) => trunks.find((one) => one.id === id)?.name ?? id
  const kind: Kind<OutboundRoute> = {
    section: 'routes',
    icon: Route,
    path: '/outbound-routes',
    keyOf: (route) => route.id,
    nameOf: (route) => route.name,
    order: (a, b) => a.prefix.localeCompare(b.prefix),
    columns: [
      { id: 'prefix', title: t('routes.prefix'), width: '140px', cell: (route) => <span className="font-medium tabular-nums">{route.prefix === '' ? t('routes.every') : route.prefix}</span> },
      { id: 'name', title: t('field.name'), width: 'minmax(120px, 1fr)', cell: (route) => route.name },
      { id: 'trunks', title: t('routes.trunks'), width: 'minmax(160px, 2fr)', isWide: true, cell: (route) => byCost(route.trunks).map((one) => nameOf(one.trunk)).join(', ') },
      { id: 'active', title: t('field.state'), width: '96px', cell: (route) => (route.is_active ? <span className="text-ink-2">{t('active')}</span> : <Badge>{t('inactive')}</Badge>) },
    ],
    blank: () => ({ id: '', name: '', prefix: '', trunks: [], is_active: true }),
    toBody: (route) => ({ ...route, name: route.name.trim(), prefix: plainNumber(route.prefix) }),
    check: (route, isNew) => ({
      ...checkKey(route, isNew),
      trunks: route.trunks.length === 0 ? t('routes.no_trunk') : undefined,
      ...Object.fromEntries(
        route.trunks.flatMap((one, index) => [
          [`trunks[${index}].trunk`, one.trunk === '' ? t('common:error.required') : undefined] as const,
          [`trunks[${index}].cost`, range(one.cost, 0, 1_000_000)] as const,
          [`trunks[${index}].weight`, range(one.weight, 1, 100)] as const,
        ]),
      ),
    }),
    Fields,
    formWidth: 'lg:w-120',
  }
  return <DirectoryPage kind={kind} />
}

/** In the order in which they are tried, as far as that is not left to chance. */
function byCost(trunks: readonly RouteTrunk[]): RouteTrunk[] {
  return trunks.toSorted((a, b) => a.cost - b.cost || b.weight - a.weight)
}

function Fields({ form, isNew }: FieldsProps<OutboundRoute>) {
  const { t } = useTexts('admin')
  const { values, set, errorOf } = form
  const { data: trunks = [] } = useEntries<Trunk>('/trunks')
  const choices = trunks.filter((trunk) => trunk.peer !== null).map((trunk) => ({ id: trunk.id, label: trunk.name }))
  const unused = () => choices.find((one) => !values.trunks.some((row) => row.trunk === one.id))?.id ?? ''
  return (
    <>
      <NameAndKey form={form} isNew={isNew} />
      <TextField label={t('routes.prefix')} value={values.prefix} onChange={(text) => set('prefix', text)} inputMode="tel" placeholder="+34" help={t('routes.prefix_help')} error={errorOf('prefix')} data-testid="field-prefix" />
      <Rows<RouteTrunk>
        title={t('routes.trunks')}
        help={choices.length === 0 ? t('routes.none_out') : t('routes.trunks_help')}
        rows={values.trunks}
        onChange={(rows) => set('trunks', rows)}
        blank={() => ({ trunk: unused(), cost: 0, weight: 1 })}
        addText={t('routes.add')}
        error={values.trunks.length === 0 ? errorOf('trunks') : undefined}
        data-testid="rows-trunks"
      >
        {(one, change, index) => (
          <div className="grid min-w-0 flex-1 grid-cols-[1fr_5.5rem_4rem] items-end gap-2">
            <Select label={t('routes.trunk')} isLabelHidden={index > 0} choices={choices} value={one.trunk === '' ? null : one.trunk} onChange={(trunk) => change({ ...one, trunk })} placeholder={t('choose')} error={errorOf(`trunks[${index}].trunk`)} />
            <NumberField label={t('routes.cost')} isLabelHidden={index > 0} value={one.cost} onChange={(cost) => change({ ...one, cost })} error={errorOf(`trunks[${index}].cost`)} data-testid={`field-cost-${index}`} />
            <NumberField label={t('routes.weight')} isLabelHidden={index > 0} value={one.weight} onChange={(weight) => change({ ...one, weight })} error={errorOf(`trunks[${index}].weight`)} data-testid={`field-weight-${index}`} />
          </div>
        )}
      </Rows>
      <Checkbox isSelected={values.is_active} onChange={(isOn) => set('is_active', isOn)}>
        {t('routes.active')}
      </Checkbox>
    </>
  )
}
