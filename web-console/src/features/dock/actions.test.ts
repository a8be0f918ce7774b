import { beforeEach, expect, test } from 'vitest'
import type { CallView } from '@/live/protocol'
import { emptyFloor, floorStore } from '@/live/stores/floor'
import { aCall } from '@/testing/fake-server'
import { dockStore, openPanel, runDockAction } from './actions'

const withCalls = (...calls: CallView[]) => floorStore.setState({ ...emptyFloor, calls })

beforeEach(() => openPanel(null))

test('without a call of one’s own the park keys show who is parked', () => {
  withCalls()
  runDockAction('park')
  expect(dockStore.getState().open).toBe('park')
})

test('while somebody is asked about the call, the park keys open no panel that is not there', () => {
  const consult: NonNullable<CallView['consult']> = { agent: 'ben', step: 'talking', is_on_phone: false }
  withCalls(aCall({ state: { is: 'held' }, consult }))
  runDockAction('park')
  expect(dockStore.getState().open).toBeNull()
})
