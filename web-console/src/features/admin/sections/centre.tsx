import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useMemo } from 'react'
import { api } from '@/api/client'
import type { Versioned } from '@/api/records'
import { sessionQuery } from '@/api/session'
import type { Schemas } from '@/api/types'
import { LANGUAGE_NAMES, LANGUAGES } from '@/i18n'
import { useTexts } from '@/i18n/use-texts'
import { FormProblem } from '@/lib/form-problem'
import { LoadProblem } from '@/lib/load-problem'
import { useForm } from '@/lib/use-form'
import { Button, Checkbox, ComboBox, Page, Select, showToast, SkeletonLines, TextField } from '@/ui'
import { NumberField, useRange } from '../form-parts'
import { AnswerDetectionFields } from './answer-detection'
import { DiallingFields, tidyDialling } from './dialling'
import { CentreForkFields } from './fork-rules'
import { HoldFields, holdMistakes, holdOf } from './hold'
import { MonitoringField } from './monitoring'
import { CentreRecordingFields } from './recording'

type Centre = Schemas['Centre']

export function CentreSection() {
  const { t } = useTexts('admin')
  const query = useQuery({ queryKey: ['centre'], queryFn: ({ signal }) => api.get<Versioned<Centre>>('/centre', {}, signal), staleTime: 0 })
  return (
    <Page title={t('section.centre')}>
      {query.isPending && <SkeletonLines count={6} label={t('common:loading')} />}
      {query.isError && <LoadProblem problem={query.error} onRetry={() => void query.refetch()} />}
      {query.data && <CentreForm key={query.data.version} centre={query.data} onReload={() => void query.refetch()} />}
    </Page>
  )
}

function CentreForm({ centre, onReload }: { centre: Versioned<Centre>; onReload: () => void }) {
  const { t } = useTexts('admin')
  const client = useQueryClient()
  const range = useRange()
  const zones = useMemo(() => Intl.supportedValuesOf('timeZone').map((id) => ({ id, label: id.replaceAll('_', ' ') })), [])
  const { version, ...initial } = centre
  const [form, ref] = useForm<Centre>({
    initial: initial as Centre,
    check: (values) => ({
      name: values.name.trim() === '' ? t('common:error.required') : undefined,
      ...holdMistakes(holdOf(values.hold), range),
      country_code: /^\d{1,3}$/.test(values.country_code) ? undefined : t('centre.country_wrong'),
      caller_number: values.caller_number && !/^\+?\d{1,15}$/.test(plain(values.caller_number) ?? '') ? t('numbers.wrong') : undefined,
    }),
    save: async (values) => {
      const saved = await api.put<Versioned<Centre>>('/centre', { ...values, name: values.name.trim(), caller_number: plain(values.caller_number), dialling: tidyDialling(values.dialling), version })
      client.setQueryData(['centre'], saved)
      void client.invalidateQueries({ queryKey: sessionQuery.queryKey })
      showToast({ tone: 'good', text: t('saved', { name: saved.name }) })
    },
  })
  const { values, set, errorOf } = form
  return (
    <form ref={ref} onSubmit={(event) => void form.submit(event)} className="flex max-w-xl flex-col gap-3" noValidate>
      <TextField label={t('centre.name')} value={values.name} onChange={(name) => set('name', name)} isRequired help={t('centre.name_help')} error={errorOf('name')} maxLength={100} data-testid="field-name" />
      <div className="grid grid-cols-2 gap-2">
        <TextField label={t('centre.country_code')} value={values.country_code} onChange={(code) => set('country_code', code)} isRequired inputMode="numeric" help={t('centre.country_help')} error={errorOf('country_code')} />
        <Select label={t('centre.language')} choices={LANGUAGES.map((id) => ({ id, label: LANGUAGE_NAMES[id] }))} value={values.language} onChange={(id) => set('language', id)} error={errorOf('language')} />
      </div>
      <ComboBox label={t('hours.tz')} choices={zones.some((zone) => zone.id === values.time_zone) ? zones : [{ id: values.time_zone, label: values.time_zone }, ...zones]} value={values.time_zone} onChange={(zone) => set('time_zone', zone)} emptyText={t('common:none')} error={errorOf('time_zone')} />
      <p className="-mt-2 text-xs text-ink-3">{t('centre.zone_help')}</p>
      <TextField label={t('queues.caller_number')} value={values.caller_number ?? ''} onChange={(text) => set('caller_number', text)} inputMode="tel" help={t('centre.caller_help')} error={errorOf('caller_number')} />
      <Checkbox isSelected={values.is_web_phone_on} onChange={(isOn) => set('is_web_phone_on', isOn)}>
        {t('centre.web_phone')}
      </Checkbox>
      <Checkbox isSelected={values.is_sample} onChange={(isOn) => set('is_sample', isOn)}>
        {t('centre.sample')}
      </Checkbox>
      <Checkbox isSelected={values.is_level_control_on ?? true} onChange={(isOn) => set('is_level_control_on', isOn)} data-testid="field-level-control">
        {t('centre.level_control')}
      </Checkbox>
      <p className="-mt-2 text-xs text-ink-3">{t('centre.level_control_help')}</p>
      <HoldFields hold={holdOf(values.hold)} onChange={(hold) => set('hold', holdOf(hold))} errorOf={errorOf} />
      <NumberField label={t('work_items_max')} value={values.work_items_max ?? 1} onChange={(most) => set('work_items_max', most)} error={errorOf('work_items_max')} data-testid="field-work_items_max" />
      <DiallingFields form={form} />
      <MonitoringField value={form.values.monitoring_notice ?? 'hidden'} onChange={(notice) => form.set('monitoring_notice', notice ?? 'hidden')} />
      <CentreRecordingFields form={form} />
      <CentreForkFields form={form} />
      <AnswerDetectionFields form={form} />
      <FormProblem problem={form.problem} onReload={onReload} />
      <div className="flex gap-2">
        <Button type="submit" tone="accent" isDisabled={form.isSaving || !form.isDirty} data-testid="entry-save">
          {form.isSaving ? t('common:saving') : t('common:save')}
        </Button>
      </div>
    </form>
  )
}

function plain(number: string | null | undefined): string | null {
  const digits = number?.replaceAll(/[\s()./-]/g, '') ?? ''
  return digits === '' ? null : digits
}
