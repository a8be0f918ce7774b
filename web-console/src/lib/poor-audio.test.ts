import { expect, test } from 'vitest'
import { poorAudioOf } from './poor-audio'

test('two poor lines are one thing to be told, and a line of nobody who is heard is none', () => {
  expect(poorAudioOf({ poor_audio: [] })).toBeNull()
  expect(poorAudioOf({ poor_audio: ['agent'] })).toBe('agent')
  expect(poorAudioOf({ poor_audio: ['customer'] })).toBe('customer')
  expect(poorAudioOf({ poor_audio: ['customer', 'agent'] })).toBe('both')
  expect(poorAudioOf({ poor_audio: ['system'] })).toBeNull()
})
