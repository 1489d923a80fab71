//go:build browser

package browser

import (
	"context"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The table that is paused, and parts of its row.
const (
	row    = "#receiver-0-DeviceFileEvents"
	pause  = row + "-pause"
	resume = row + "-resume"
)

// tab is a page in the browser.
type tab struct {
	t       *testing.T
	ctx     context.Context
	scripts bool

	mu sync.Mutex // guards everything below
	// complaints are errors in the console, and requests that leave the page's origin.
	complaints []string
}

// start starts a browser; it skips the test where there is none.
func start(t *testing.T) context.Context {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			program = found
			break
		}
	}
	if program == "" {
		t.Skip("SKIPPED, nothing was tested: there is no Chromium (Debian: apt-get install chromium)")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-sync", true), chromedp.UserDataDir(t.TempDir()))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	require.NoError(t, chromedp.Do(ctx, chromedp.Navigate("about:blank")))
	return ctx
}

// open opens the page in a tab of its own.
func open(t *testing.T, browser context.Context, s *stage, scripts bool) *tab {
	t.Helper()
	page := &tab{t: t, scripts: scripts}
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithListener(func(event any) { page.hear(s, event) }))
	t.Cleanup(cancel)
	page.ctx = ctx
	page.do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !scripts})
		return err
	}), chromedp.EmulateViewport(1280, 1100), chromedp.Navigate(s.url()))
	t.Cleanup(func() {
		page.mu.Lock()
		defer page.mu.Unlock()
		assert.Empty(t, page.complaints, "errors in the console, and requests to others")
	})
	return page
}

func (p *tab) hear(s *stage, event any) {
	complaint := ""
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		complaint = e.ExceptionDetails.Text
	case *log.EventEntryAdded:
		if e.Entry.Level == "error" {
			complaint = e.Entry.Text
		}
	case *network.EventRequestWillBeSent:
		if at, err := url.Parse(e.Request.URL); err == nil && at.Scheme != "data" && at.Scheme != "about" && at.Host != s.page {
			complaint = e.Request.URL
		}
	}
	if complaint != "" {
		p.mu.Lock()
		p.complaints = append(p.complaints, complaint)
		p.mu.Unlock()
	}
}

func (p *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	require.NoError(p.t, chromedp.Do(p.ctx, steps...))
}

// text is that of an element; empty if there is none. Without scripts it is that of its HTML.
func (p *tab) text(selector string) string {
	if !p.scripts {
		ctx, cancel := context.WithTimeout(p.ctx, 5*time.Second)
		defer cancel()
		html, err := chromedp.Run(ctx, chromedp.OuterHTML(selector))
		if err != nil {
			return ""
		}
		return html
	}
	text, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](`(document.querySelector("`+selector+`") || {innerText: ""}).innerText`))
	if err != nil {
		return ""
	}
	return text
}

// shows waits until an element has a text.
func (p *tab) shows(selector, text string) {
	p.t.Helper()
	require.Eventually(p.t, func() bool { return strings.Contains(p.text(selector), text) }, patience, tick,
		"%s should show %q and shows %q", selector, text, p.text(selector))
}

// click clicks an element. A page that was brought up to date in this moment has another one, which is clicked then.
func (p *tab) click(selector string) {
	p.t.Helper()
	require.Eventually(p.t, func() bool {
		ctx, cancel := context.WithTimeout(p.ctx, 5*time.Second)
		defer cancel()
		return chromedp.Do(ctx, chromedp.Click(selector)) == nil
	}, patience, tick, "%s should be there", selector)
}

// focused is the id of the element that has the focus.
func (p *tab) focused() string {
	id, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](`document.activeElement.id`))
	require.NoError(p.t, err)
	return id
}

// accessible runs axe-core, where the variable AXE names its file.
func (p *tab) accessible() {
	p.t.Helper()
	path := os.Getenv("AXE")
	if path == "" {
		p.t.Log("axe-core was not run: AXE names no file")
		return
	}
	source, err := os.ReadFile(path)
	require.NoError(p.t, err)
	violations, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](string(source)+`;
		axe.run().then(r => r.violations.map(v => v.id + ": " + v.nodes.map(n => n.target + " " + n.failureSummary).join("; ")).join("\n"))`,
		func(e *runtime.EvaluateParams) { yes := true; e.AwaitPromise = &yes }))
	require.NoError(p.t, err)
	assert.Empty(p.t, violations)
}

func TestPage(t *testing.T) {
	browser := start(t)
	s := newStage(t)

	t.Run("with scripts", func(t *testing.T) {
		page := open(t, browser, s, true)
		page.shows(row, "Running")
		page.shows("#receiver-0", "Requests in 1m")
		page.shows("#live", "Records that became no event")
		before := page.text("time")
		require.Eventually(t, func() bool { return page.text("time") != before }, patience, tick, "it stays up to date")
		page.accessible()

		page.click(pause)
		page.shows("#dialog", "Pause DeviceFileEvents?")
		assert.Equal(t, "confirm", page.focused(), "the keyboard goes on in the dialog")
		page.accessible()
		page.click("#back")
		assert.Contains(t, page.text(row), "Running", "nothing was confirmed")
		page.click(pause)
		page.click("#confirm")
		page.shows(row, "by a user")
		assert.Contains(t, s.status(), `"reason": "user"`)
		page.accessible()
		page.click(resume)
		page.click("#confirm")
		page.shows(row, "Running")
		page.shows("#said", "defender: Running.")
	})

	t.Run("without scripts", func(t *testing.T) {
		page := open(t, browser, s, false)
		page.shows(row, "Running")
		page.click(pause)
		page.shows("#answer", "Pause DeviceFileEvents?")
		page.click("#confirm")
		page.shows(row, "by a user")
		page.click(resume)
		page.click("#confirm")
		page.shows(row, "Running")
	})

	t.Run("an injected failure", func(t *testing.T) {
		page := open(t, browser, s, true)
		s.fail("503:1")
		page.shows("#receiver-0", "What is wrong")
		page.shows("#receiver-0 .trouble", "503")
		page.shows(row, "after failures")
		page.accessible()
		s.fail("")
		page.click("#receiver-0-resume")
		page.click("#confirm")
		page.shows(row, "Running")
		require.Eventually(t, func() bool { return page.text("#receiver-0 .trouble") == "" }, patience, tick, "the trouble is over")
		assert.NotContains(t, s.status(), secret)
	})

	t.Run("a phone in the dark", func(t *testing.T) {
		page := open(t, browser, s, true)
		page.do(chromedp.EmulateViewport(390, 844), chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
			_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}},
			})
			return err
		}))
		page.shows(row, "Running")
		page.accessible()
	})

	t.Run("any width", func(t *testing.T) {
		page := open(t, browser, s, true)
		for _, width := range []int64{1280, 1190, 1180, 1000, 700, 390, 320} {
			page.do(chromedp.EmulateViewport(width, 844))
			page.shows(row, "Running")
			beside, err := chromedp.Run(page.ctx, chromedp.Evaluate[bool](
				`document.documentElement.scrollWidth > window.innerWidth`))
			require.NoError(t, err)
			assert.False(t, beside, "something stands beside a screen of %d", width)
		}
	})
}
