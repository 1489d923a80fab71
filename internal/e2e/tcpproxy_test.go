package e2e

import (
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// tcpProxy is a network between a program and a server that can be cut: then bytes are neither delivered nor refused.
type tcpProxy struct {
	listener net.Listener
	target   string

	mu      sync.Mutex // guards everything below
	cut     bool
	mended  *sync.Cond
	streams map[net.Conn]struct{}
	closed  bool
}

func newTCPProxy(t *testing.T, target string) *tcpProxy {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &tcpProxy{listener: listener, target: target, streams: map[net.Conn]struct{}{}}
	p.mended = sync.NewCond(&p.mu)
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { p.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		p.mu.Lock()
		p.cut, p.closed = false, true
		for conn := range p.streams {
			_ = conn.Close()
		}
		p.mended.Broadcast()
		p.mu.Unlock()
		serving.Wait()
	})
	return p
}

func (p *tcpProxy) address() string { return p.listener.Addr().String() }

// set cuts the network, or mends it: then what was on its way is delivered late.
func (p *tcpProxy) set(cut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = cut
	p.mended.Broadcast()
}

// open waits until the network is not cut.
func (p *tcpProxy) open() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.cut {
		p.mended.Wait()
	}
}

func (p *tcpProxy) add(conn net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.streams[conn] = struct{}{}
	return true
}

func (p *tcpProxy) serve(client net.Conn) {
	defer func() { _ = client.Close() }()
	if !p.add(client) {
		return
	}
	p.open()
	server, err := new(net.Dialer).Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	if !p.add(server) {
		return
	}
	var copying sync.WaitGroup
	pass := func(to, from net.Conn) {
		copying.Go(func() {
			defer func() { _, _ = to.Close(), from.Close() }()
			buffer := make([]byte, 32<<10)
			for {
				n, err := from.Read(buffer)
				p.open()
				if n > 0 {
					if _, err := to.Write(buffer[:n]); err != nil {
						return
					}
				}
				if err != nil {
					return
				}
			}
		})
	}
	pass(server, client)
	pass(client, server)
	copying.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.streams, client)
	delete(p.streams, server)
}
