// SPDX-License-Identifier: Apache-2.0

// Command server answers HTTP/1.1, and HTTP/2 with -http2 and a certificate, and logs each request as a JSON line: with
// the status that the parameter status asks for, a line of text and as many more as count says. Every Go from 1.15 on
// compiles it.
package main

import (
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"io/ioutil"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
)

type entry struct {
	Event    string        `json:"event"`
	ID       string        `json:"id"`
	Method   string        `json:"method"`
	Target   string        `json:"target"`
	Client   []interface{} `json:"client"`
	PID      int           `json:"pid"`
	Received int           `json:"received"`
}

// named embeds the connection first, as most wrappers do.
type named struct {
	net.Conn
	name string
}

// counted keeps the connection where nothing that knows net.Conn only would look for it.
type counted struct {
	mutex sync.Mutex
	bytes int
	inner interface{ net.Conn }
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.inner.Read(b)
	c.mutex.Lock()
	c.bytes += n
	c.mutex.Unlock()
	return n, err
}

type hidden struct {
	*counted
}

func (h hidden) Write(b []byte) (int, error) { return h.inner.Write(b) }
func (h hidden) Close() error                { return h.inner.Close() }

// opaque implements net.Conn without having one as its first member.
type opaque struct {
	hidden
	net.Conn
}

func (o *opaque) Read(b []byte) (int, error)  { return o.hidden.Read(b) }
func (o *opaque) Write(b []byte) (int, error) { return o.hidden.Write(b) }
func (o *opaque) Close() error                { return o.hidden.Close() }

type wrapping struct {
	net.Listener
	kind string
}

func (l wrapping) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	switch l.kind {
	case "embedded":
		return &named{conn, "a connection"}, nil
	case "hidden":
		return &opaque{hidden{&counted{inner: conn}}, conn}, nil
	}
	return conn, nil
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	address := flag.String("address", "127.0.0.1:0", "")
	certificate := flag.String("certificate", "", "")
	key := flag.String("key", "", "")
	wrap := flag.String("wrap", "", "none, embedded or hidden")
	http2 := flag.Bool("http2", false, "offer HTTP/2")
	logPath := flag.String("log", "/dev/null", "")
	flag.Parse()

	log, err := os.OpenFile(*logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	check(err)
	handler := func(w http.ResponseWriter, r *http.Request) {
		body, _ := ioutil.ReadAll(r.Body)
		host, port, _ := net.SplitHostPort(r.RemoteAddr)
		number, _ := strconv.Atoi(port)
		id := r.URL.Query().Get("id")
		line, _ := json.Marshal(entry{"request", id, r.Method, r.RequestURI, []interface{}{host, number}, os.Getpid(), len(body)})
		log.Write(append(line, '\n'))
		count, _ := strconv.Atoi(r.URL.Query().Get("count"))
		status, err := strconv.Atoi(r.URL.Query().Get("status"))
		if err != nil {
			status = http.StatusOK
		}
		w.Header().Set("X-Id", id)
		w.Header().Set("X-Client-Port", port)
		w.WriteHeader(status)
		fmt.Fprintf(w, "id=%s target=%s bytes=%d\n", id, r.RequestURI, len(body))
		for ; count > 0; count-- {
			io.WriteString(w, "A line of the body.\n")
		}
	}
	listener, err := net.Listen("tcp", *address)
	check(err)
	fmt.Printf("{\"port\":%d}\n", listener.Addr().(*net.TCPAddr).Port)
	if *wrap != "" {
		listener = wrapping{listener, *wrap}
	}
	server := &http.Server{Handler: http.HandlerFunc(handler)}
	if !*http2 {
		// Without this it speaks HTTP/2 over TLS.
		server.TLSNextProto = map[string]func(*http.Server, *tls.Conn, http.Handler){}
	}
	if *certificate != "" {
		check(server.ServeTLS(listener, *certificate, *key))
	} else {
		check(server.Serve(listener))
	}
}
