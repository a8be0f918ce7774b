import { CalendarClock, Plus, Trash2 } from 'lucide-react'
import { useMemo, useState } from 'react'
import type { Queue, Schemas } from '@/api/types'
import { useTexts } from '@/i18n/use-texts'
import { Button, Checkbox, ComboBox, DateField, IconButton, TextField } from '@/ui'
import { DirectoryPage, useEntries, type FieldsProps, type Kind } from '../directory'
import { Group, NameAndKey, useKeyChecks } from '../form-parts'
import { readWindows, windowsText, type Windows } from '../keys'
import { dayName, DAYS, weekText } from '../week'

type Calendar = Schemas['CalendarSource']
type ByDate = Record<string, Windows>

/** What could not be read as times stays as it was typed, with nothing to close it. */
function isUnread(windows: Windows | undefined): boolean {
  return windows?.some(([, close]) => close === '') === true
}

export function HoursSection() {
  const { t, i18n } = useTexts('admin')
  const checkKey = useKeyChecks()
  const { data: queues = [] } = useEntries<Queue>('/queues')
  const kind: Kind<Calendar> = {
    section: 'hours',
    icon: CalendarClock,
    path: '/calendars',
    formWidth: 'lg:w-128',
    keyOf: (calendar) => calendar.id,
    nameOf: (calendar) => calendar.name,
    columns: [
      { id: 'name', title: t('field.name'), width: 'minmax(120px, 0.8fr)', cell: (calendar) => <span className="font-medium">{calendar.name}</span> },
      { id: 'week', title: t('hours.week'), width: 'minmax(180px, 2fr)', cell: (calendar) => weekText(calendar.weekly, i18n.language) },
      { id: 'tz', title: t('hours.tz'), width: '136px', isWide: true, cell: (calendar) => calendar.tz },
      { id: 'days', title: t('hours.holidays'), width: '80px', isWide: true, isNumber: true, cell: (calendar) => calendar.holidays?.length ?? 0 },
      { id: 'queues', title: t('section.queues'), width: 'minmax(96px, 1fr)', isWide: true, cell: (calendar) => queues.filter((queue) => queue.calendar === calendar.id).map((queue) => queue.name).join(', ') },
    ],
    blank: () => ({
      id: '',
      name: '',
      tz: Intl.DateTimeFormat().resolvedOptions().timeZone,
      weekly: Object.fromEntries(DAYS.slice(0, 5).map((day) => [day, [['09:00', '18:00']]])),
      holidays: [],
      overrides: {},
      breaks: {},
    }),
    toForm: (calendar) => ({ ...calendar, holidays: calendar.holidays ?? [], overrides: calendar.overrides ?? {}, breaks: calendar.breaks ?? {} }),
    toBody: (calendar) => ({ ...calendar, name: calendar.name.trim(), weekly: Object.fromEntries(Object.entries(calendar.weekly).filter(([, windows]) => windows.length > 0)) }),
    check: (calendar, isNew) => ({
      ...checkKey(calendar, isNew),
      tz: calendar.tz === '' ? t('common:error.required') : undefined,
      weekly: Object.values(calendar.weekly).every((windows) => windows.length === 0) ? t('hours.never_open') : undefined,
      ...Object.fromEntries(DAYS.map((day) => [`weekly.${day}`, isUnread(calendar.weekly[day]) ? t('hours.unreadable') : undefined])),
      ...Object.fromEntries((calendar.holidays ?? []).map((holiday, i) => [`holidays[${i}]`, holiday.date === '' || holiday.date === '--' ? t('hours.choose_date') : undefined])),
      ...datedMistakes('overrides', calendar.overrides, t),
      ...datedMistakes('breaks', calendar.breaks, t),
    }),
    Fields,
  }
  return <DirectoryPage kind={kind} />
}

type Texts = ReturnType<typeof useTexts<'admin'>>['t']

function datedMistakes(field: 'overrides' | 'breaks', days: ByDate | undefined, t: Texts): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(days ?? {}).map(([date, windows]) => [`${field}.${date}`, date === '' ? t('hours.choose_date') : isUnread(windows) || (field === 'breaks' && windows.length === 0) ? t('hours.unreadable') : undefined]),
  )
}

function Fields({ form, isNew }: FieldsProps<Calendar>) {
  const { t, i18n } = useTexts('admin')
  const { values, set, errorOf } = form
  const zones = useMemo(() => Intl.supportedValuesOf('timeZone').map((id) => ({ id, label: id.replaceAll('_', ' ') })), [])
  const [year] = useState(() => new Date().getFullYear())
  const holidays = values.holidays ?? []
  const put = (at: number, holiday: Schemas['Holiday']) => set('holidays', holidays.map((one, i) => (i === at ? holiday : one)))
  return (
    <>
      <NameAndKey form={form} isNew={isNew} />
      <ComboBox label={t('hours.tz')} choices={zones.some((zone) => zone.id === values.tz) ? zones : [{ id: values.tz, label: values.tz }, ...zones]} value={values.tz} onChange={(tz) => set('tz', tz)} emptyText={t('common:none')} error={errorOf('tz')} />
      <Group title={t('hours.week')}>
        <p className="-mt-1 text-xs text-ink-3">{t('hours.week_help')}</p>
        <div className="flex flex-col gap-1.5">
          {DAYS.map((day) => (
            <div key={day} className="grid grid-cols-[88px_1fr] items-start gap-2">
              <span aria-hidden className="block pt-1.5 first-letter:uppercase">
                {dayName(day, i18n.language, 'long')}
              </span>
              <WindowsField label={dayName(day, i18n.language, 'long')} windows={values.weekly[day] ?? []} onChange={(windows) => set('weekly', { ...values.weekly, [day]: windows })} error={errorOf(`weekly.${day}`)} />
            </div>
          ))}
        </div>
        {errorOf('weekly') !== undefined && DAYS.every((day) => errorOf(`weekly.${day}`) === undefined) && <p className="text-xs text-bad-ink">{errorOf('weekly')}</p>}
      </Group>
      <Group title={t('hours.holidays')}>
        {holidays.map((holiday, i) => {
          const isYearly = holiday.date.startsWith('--')
          return (
            <div key={i} className="flex items-start gap-2">
              <DateField
                label={t('hours.date')}
                isLabelHidden
                value={isYearly ? `${year}-${holiday.date.slice(2)}` : holiday.date}
                onChange={(date) => put(i, { ...holiday, date: isYearly && date !== '' ? `-${date.slice(4)}` : date })}
                error={errorOf(`holidays[${i}]`)}
                className="w-38"
              />
              <TextField label={t('field.name')} isLabelHidden placeholder={t('hours.holiday_name')} value={holiday.name ?? ''} onChange={(name) => put(i, { ...holiday, name })} className="min-w-0 flex-1" />
              <span className="pt-1">
                <Checkbox isSelected={isYearly} isDisabled={holiday.date === ''} onChange={(isOn) => put(i, { ...holiday, date: isOn ? `-${holiday.date.slice(4)}` : `${year}-${holiday.date.slice(2)}` })}>
                  {t('hours.yearly')}
                </Checkbox>
              </span>
              <IconButton icon={Trash2} label={t('hours.remove_day', { date: holiday.date })} onPress={() => set('holidays', holidays.filter((_, at) => at !== i))} />
            </div>
          )
        })}
        <div>
          <Button size="sm" icon={Plus} onPress={() => set('holidays', [...holidays, { date: '', name: '' }])} data-testid="holiday-add">
            {t('hours.add_holiday')}
          </Button>
        </div>
      </Group>
      <Dated title={t('hours.overrides')} help={t('hours.overrides_help')} addLabel={t('hours.add_override')} days={values.overrides ?? {}} onChange={(days) => set('overrides', days)} errorOf={(date) => errorOf(`overrides.${date}`)} />
      <Dated title={t('hours.breaks')} help={t('hours.breaks_help')} addLabel={t('hours.add_break')} days={values.breaks ?? {}} onChange={(days) => set('breaks', days)} errorOf={(date) => errorOf(`breaks.${date}`)} />
    </>
  )
}

function Dated({ title, help, addLabel, days, onChange, errorOf }: { title: string; help: string; addLabel: string; days: ByDate; onChange: (days: ByDate) => void; errorOf: (date: string) => string | undefined }) {
  const { t } = useTexts('admin')
  const rows = Object.entries(days)
  return (
    <Group title={title}>
      <p className="-mt-1 text-xs text-ink-3">{help}</p>
      {rows.map(([date, windows], i) => (
        <div key={i} className="flex items-start gap-2">
          <DateField label={t('hours.date')} isLabelHidden value={date} onChange={(next) => onChange(Object.fromEntries(rows.map(([key, value], at) => [at === i ? next : key, value])))} className="w-38" />
          <div className="min-w-0 flex-1">
            <WindowsField label={t('hours.times')} windows={windows} onChange={(next) => onChange({ ...days, [date]: next })} error={errorOf(date)} />
          </div>
          <IconButton icon={Trash2} label={t('hours.remove_day', { date })} onPress={() => onChange(Object.fromEntries(rows.filter((_, at) => at !== i)))} />
        </div>
      ))}
      <div>
        <Button size="sm" icon={Plus} isDisabled={days[''] !== undefined} onPress={() => onChange({ ...days, '': [] })}>
          {addLabel}
        </Button>
      </div>
    </Group>
  )
}

function WindowsField({ label, windows, onChange, error }: { label: string; windows: Windows; onChange: (windows: Windows) => void; error: string | undefined }) {
  const { t } = useTexts('admin')
  const [text, setText] = useState(() => windowsText(windows))
  return (
    <TextField
      label={label}
      isLabelHidden
      placeholder={t('hours.closed')}
      value={text}
      onChange={(typed) => {
        setText(typed)
        onChange(readWindows(typed) ?? [[typed, '']])
      }}
      onBlur={() => {
        const read = readWindows(text)
        if (read) setText(windowsText(read))
      }}
      error={error}
    />
  )
}
