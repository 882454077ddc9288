package main

import (
	"encoding/binary"
	"net"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// says starts a server that refuses every client of MySQL with a text, as a
// server that repeats what it was given does; its address is $SAYS.
func says(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 1, "says TEXT")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Setenv("SAYS", l.Addr().String())
	packet := refusal(args[0])
	var clients sync.WaitGroup
	clients.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil { // closed
				return
			}
			clients.Go(func() {
				_, _ = conn.Write(packet) // the client may be gone
				_ = conn.Close()
			})
		}
	})
	ts.Defer(func() {
		_ = l.Close()
		clients.Wait()
	})
}

// refusal is an ERR packet in the place of a greeting
// (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_err_packet.html).
func refusal(text string) []byte {
	const hostNotPrivileged = 1130
	body := append(binary.LittleEndian.AppendUint16([]byte{0xff}, hostNotPrivileged), text...)
	head := []byte{byte(len(body)), byte(len(body) >> 8), byte(len(body) >> 16), 0}
	return append(head, body...)
}
