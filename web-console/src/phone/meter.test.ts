import { expect, test } from 'vitest'
import { gradeLine } from './meter'

test('a clean line is good', () => {
  expect(gradeLine({ received: 0, lost: 0 }, { received: 100, lost: 0 }, 5, 20).grade).toBe('good')
})

test('loss grades the span, not the whole call', () => {
  expect(gradeLine({ received: 10_000, lost: 900 }, { received: 10_096, lost: 904 }, 5, 20)).toMatchObject({ grade: 'fair', lossPercent: 4 })
  expect(gradeLine({ received: 0, lost: 0 }, { received: 90, lost: 10 }, 5, 20).grade).toBe('poor')
})

test('a single loss among few packets says nothing', () => {
  expect(gradeLine({ received: 0, lost: 0 }, { received: 3, lost: 1 }, 5, 20).grade).toBe('good')
})

test('delay and jitter spoil a line without loss', () => {
  expect(gradeLine({ received: 0, lost: 0 }, { received: 100, lost: 0 }, 90, 20).grade).toBe('poor')
  expect(gradeLine({ received: 0, lost: 0 }, { received: 100, lost: 0 }, 5, 400).grade).toBe('fair')
})
