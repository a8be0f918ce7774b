import { Hash } from 'lucide-react'
import type { Queue, Schemas } from '@/api/types'
import { phoneText } from '@/i18n/format'
import { useTexts } from '@/i18n/use-texts'
import { useNames } from '@/lib/use-names'
import { Badge, Checkbox, Select, TextField } from '@/ui'
import { DirectoryPage, useEntries, type FieldsProps, type Kind } from '../directory'
import { Group, NumberField, useRange } from '../form-parts'

type OurNumber = Schemas['Number']

export function NumbersSection() {
  const { t } = useTexts('admin')
  const names = useNames()
  const range = useRange()
  const kind: Kind<OurNumber> = {
    section: 'numbers',
    icon: Hash,
    path: '/numbers',
    keyOf: (number) => number.number,
    nameOf: (number) => `${number.number} · ${number.name}`,
    columns: [
      { id: 'number', title: t('field.number'), width: '144px', cell: (number) => <span className="font-medium tabular-nums">{phoneText(number.number)}</span> },
      { id: 'name', title: t('field.name'), width: 'minmax(120px, 1fr)', cell: (number) => <span className="font-medium">{number.name}</span> },
      {
        id: 'target',
        title: t('numbers.target'),
        width: 'minmax(140px, 1.2fr)',
        cell: (number) =>
          number.target.to === 'line' ? t('numbers.to_line', { name: names.line(number.target.line) }) : number.target.to === 'queue' ? t('numbers.to_queue', { name: names.queue(number.target.queue) }) : t('numbers.target_is.echo'),
      },
      { id: 'answering', title: t('numbers.answering'), width: 'minmax(120px, 1fr)', isWide: true, cell: (number) => t(`numbers.answering_is.${modeOf(number)}`) },
      { id: 'web', title: t('numbers.web'), width: '104px', isWide: true, cell: (number) => (number.is_on_web_phone ? <Badge tone="accent">{t('numbers.on_web')}</Badge> : '–') },
    ],
    blank: () => ({ number: '', name: '', target: { to: 'queue', queue: '' }, is_on_web_phone: false, answering: { mode: 'at_once' } }),
    toBody: (number) => ({ ...number, number: number.number.replaceAll(/[\s()./-]/g, ''), name: number.name.trim(), answering: number.target.to === 'echo' ? { mode: 'at_once' } : number.answering }),
    check: (number, isNew) => ({
      number: isNew && !/^\+?\d{1,15}$/.test(number.number.replaceAll(/[\s()./-]/g, '')) ? t('numbers.wrong') : undefined,
      name: number.name.trim() === '' ? t('common:error.required') : undefined,
      target: (number.target.to === 'line' && number.target.line.trim() === '') || (number.target.to === 'queue' && number.target.queue === '') ? t('common:error.required') : undefined,
      'answering.secs_max': modeOf(number) === 'at_once' || number.answering?.mode === 'at_once' || !number.answering ? undefined : range(number.answering.secs_max, SECS.least, SECS.most),
    }),
    Fields,
  }
  return <DirectoryPage kind={kind} />
}

const TARGETS = ['line', 'queue', 'echo'] as const
const MODES = ['at_once', 'early_media', 'ringing'] as const
const EXITS = ['answer', 'refuse'] as const
const SECS = { least: 10, usual: 120, most: 170 }

function modeOf(number: OurNumber) {
  return number.target.to === 'echo' ? 'at_once' : (number.answering?.mode ?? 'at_once')
}

function Fields({ form, isNew }: FieldsProps<OurNumber>) {
  const { t } = useTexts('admin')
  const { values, set, errorOf } = form
  const { data: queues = [] } = useEntries<Queue>('/queues')
  const names = useNames()
  const { target } = values
  // A number may still lead to a line that is published no more.
  const isGone = (line: string) => line !== '' && !names.lines.some((one) => one.id === line)
  return (
    <>
      {isNew && (
        <TextField label={t('field.number')} value={values.number} onChange={(text) => set('number', text)} isRequired autoFocus inputMode="tel" help={t('numbers.number_help')} error={errorOf('number')} data-testid="field-number" />
      )}
      <TextField label={t('field.name')} value={values.name} onChange={(name) => set('name', name)} isRequired error={errorOf('name')} maxLength={100} data-testid="field-name" />
      <Select
        label={t('numbers.target')}
        choices={TARGETS.map((id) => ({ id, label: t(`numbers.target_is.${id}`) }))}
        value={target.to}
        onChange={(to) => set('target', to === 'line' ? { to, line: names.lines[0]?.id ?? '' } : to === 'queue' ? { to, queue: queues[0]?.id ?? '' } : { to: 'echo' })}
        data-testid="field-target"
      />
      {target.to === 'line' && (
        <Select
          label={t('field.line')}
          choices={[...(isGone(target.line) ? [{ id: target.line, label: t('numbers.line_gone', { line: target.line }) }] : []), ...names.lines.map((line) => ({ id: line.id, label: names.line(line.id) }))]}
          value={target.line === '' ? null : target.line}
          onChange={(line) => set('target', { to: 'line', line })}
          placeholder={t('choose')}
          isRequired
          error={errorOf('target')}
          data-testid="field-line"
        />
      )}
      {target.to === 'queue' && <Select label={t('field.queue')} choices={queues.map((queue) => ({ id: queue.id, label: queue.name }))} value={target.queue === '' ? null : target.queue} onChange={(queue) => set('target', { to: 'queue', queue })} error={errorOf('target')} data-testid="field-queue" />}
      {target.to === 'echo' && <p className="text-xs text-ink-3">{t('numbers.echo_help')}</p>}
      {target.to !== 'echo' && <AnsweringFields form={form} />}
      <Checkbox isSelected={values.is_on_web_phone} onChange={(isOn) => set('is_on_web_phone', isOn)}>
        {t('numbers.is_on_web_phone')}
      </Checkbox>
    </>
  )
}

function AnsweringFields({ form }: Pick<FieldsProps<OurNumber>, 'form'>) {
  const { t } = useTexts('admin')
  const { values, set, errorOf } = form
  const answering = values.answering ?? { mode: 'at_once' }
  const usual = { secs_max: SECS.usual, then: 'answer' } as const
  const { secs_max, then } = answering.mode === 'at_once' ? usual : answering
  return (
    <Group title={t('numbers.answering')}>
      <Select
        label={t('numbers.answering_mode')}
        choices={MODES.map((id) => ({ id, label: t(`numbers.answering_is.${id}`) }))}
        value={answering.mode}
        onChange={(mode) => set('answering', mode === 'early_media' || mode === 'ringing' ? { mode, secs_max, then } : { mode: 'at_once' })}
        error={errorOf('answering.mode')}
        data-testid="field-answering"
      />
      <p className="-mt-2 text-xs text-ink-3">{t(`numbers.answering_help.${answering.mode}`)}</p>
      {answering.mode !== 'at_once' && (
        <div className="grid grid-cols-2 gap-2">
          <NumberField label={t('numbers.unanswered_secs')} unit="s" value={secs_max} onChange={(secs) => set('answering', { ...answering, secs_max: secs })} error={errorOf('answering.secs_max')} data-testid="field-unanswered-secs" />
          <Select label={t('numbers.unanswered_then')} choices={EXITS.map((id) => ({ id, label: t(`numbers.unanswered_is.${id}`) }))} value={then} onChange={(exit) => set('answering', { ...answering, then: exit === 'refuse' ? exit : 'answer' })} error={errorOf('answering.then')} data-testid="field-unanswered-then" />
        </div>
      )}
    </Group>
  )
}
