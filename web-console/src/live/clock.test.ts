import { expect, test } from 'vitest'
import { ServerClock } from './clock'

test('the sample with the shortest way is believed', () => {
  let local = 10_000
  const clock = new ServerClock(() => local)
  clock.learn(new Date(70_000).toISOString(), 9_000)
  local = 20_000
  // Asked 40 ms ago: the server's stamp is 20 ms old.
  clock.learn(new Date(79_980).toISOString(), 19_960)
  expect(clock.now()).toBe(80_000)
})

test('nonsense is not learnt', () => {
  const clock = new ServerClock(() => 5)
  clock.learn('yesterday')
  expect(clock.now()).toBe(5)
})
