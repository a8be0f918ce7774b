import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { WebPhonePage } from './features/web-phone/web-phone-page'
import { showTheme } from './lib/theme'
import './styles.css'

showTheme()
const root = document.getElementById('root')
if (root)
  createRoot(root).render(
    <StrictMode>
      <WebPhonePage />
    </StrictMode>,
  )
