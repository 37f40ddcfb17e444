// SPDX-License-Identifier: Apache-2.0

// Command client makes requests in HTTP/1.1, with -http2 in HTTP/2 where the server offers it: -count of them at once by
// -workers, with a JSON line about each, or those that it is driven to make as programs/python/lines.py says. Every Go
// from 1.15 on compiles it.
package main

import (
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"io/ioutil"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"strings"
	"sync"
)

type answer struct {
	URL    string `json:"url"`
	Status int    `json:"status"`
	Text   string `json:"text"`
	Port   int    `json:"port"`
	Error  string `json:"error,omitempty"`
}

type call struct {
	Method string `json:"method"`
	URL    string `json:"url"`
	Body   string `json:"body"`
	Fresh  bool   `json:"fresh"`
}

var output sync.Mutex

func newClient(connections int, fresh bool, http2 bool) *http.Client {
	transport := &http.Transport{
		TLSClientConfig:     &tls.Config{InsecureSkipVerify: true},
		ForceAttemptHTTP2:   http2,
		MaxIdleConnsPerHost: connections,
		DisableKeepAlives:   fresh,
	}
	if !http2 {
		transport.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
	}
	return &http.Client{Transport: transport}
}

func do(client *http.Client, wanted call) answer {
	result := answer{URL: wanted.URL}
	request, err := http.NewRequest(wanted.Method, wanted.URL, strings.NewReader(wanted.Body))
	if err != nil {
		result.Error = err.Error()
		return result
	}
	trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		result.Port = info.Conn.LocalAddr().(*net.TCPAddr).Port
	}}
	response, err := client.Do(request.WithContext(httptrace.WithClientTrace(request.Context(), trace)))
	if err != nil {
		result.Error = err.Error()
		return result
	}
	defer response.Body.Close()
	text, err := ioutil.ReadAll(response.Body)
	result.Status, result.Text = response.StatusCode, string(text)
	if err != nil {
		result.Error = err.Error()
	}
	return result
}

func print(result answer) {
	line, _ := json.Marshal(result)
	output.Lock()
	defer output.Unlock()
	os.Stdout.Write(append(line, '\n'))
}

func main() {
	count := flag.Int("count", 0, "")
	workers := flag.Int("workers", 1, "")
	fresh := flag.Bool("fresh", false, "a connection for each request")
	http2 := flag.Bool("http2", false, "")
	url := flag.String("url", "", "its id parameter is added")
	flag.Parse()
	client := newClient(*workers, *fresh, *http2)
	if *count > 0 {
		many(client, *url, *workers, *count)
	} else {
		driven(client)
	}
}

func driven(kept *http.Client) {
	fmt.Println("ready")
	lines := json.NewDecoder(os.Stdin)
	for {
		var next call
		if lines.Decode(&next) != nil {
			return
		}
		client := kept
		if next.Fresh {
			client = newClient(1, true, false)
		}
		print(do(client, next))
	}
}

func many(client *http.Client, url string, workers int, count int) {
	ids := make(chan int)
	var done sync.WaitGroup
	for i := 0; i < workers; i++ {
		done.Add(1)
		go func() {
			defer done.Done()
			for id := range ids {
				print(do(client, call{Method: "GET", URL: fmt.Sprintf("%s?id=%d", url, id)}))
			}
		}()
	}
	for id := 1; id <= count; id++ {
		ids <- id
	}
	close(ids)
	done.Wait()
}
