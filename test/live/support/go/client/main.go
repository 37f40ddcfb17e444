// SPDX-License-Identifier: Apache-2.0

// Command client makes HTTP/1.1 requests, with -http2 HTTP/2 where the server offers it: one for each line of its input, in order, or -count of them at once by
// -workers. It prints a JSON line for each. Every Go from 1.15 on compiles it.
package main

import (
	"bufio"
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
	"time"
)

type answer struct {
	URL    string `json:"url"`
	Status int    `json:"status"`
	Text   string `json:"text"`
	Port   int    `json:"port"`
	Error  string `json:"error,omitempty"`
}

var output sync.Mutex

func get(client *http.Client, url string, body string) answer {
	result := answer{URL: url}
	method := "GET"
	if body != "" {
		method = "POST"
	}
	request, err := http.NewRequest(method, url, strings.NewReader(body))
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
	seconds := flag.Int("seconds", 0, "make requests for so long, and print a summary")
	fresh := flag.Bool("fresh", false, "a connection for each request")
	http2 := flag.Bool("http2", false, "")
	url := flag.String("url", "", "its id parameter is added")
	flag.Parse()
	transport := &http.Transport{
		TLSClientConfig:     &tls.Config{InsecureSkipVerify: true},
		ForceAttemptHTTP2:   *http2,
		MaxIdleConnsPerHost: *workers,
		DisableKeepAlives:   *fresh,
	}
	if !*http2 {
		transport.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
	}
	client := &http.Client{Transport: transport}
	switch {
	case *seconds > 0:
		load(client, *url, *workers, time.Duration(*seconds)*time.Second)
	case *count > 0:
		many(client, *url, *workers, *count)
	default:
		lines := bufio.NewScanner(os.Stdin)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			words := strings.SplitN(lines.Text(), " ", 2)
			body := ""
			if len(words) > 1 {
				body = words[1]
			}
			print(get(client, words[0], body))
		}
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
				print(get(client, fmt.Sprintf("%s?id=%d", url, id), ""))
			}
		}()
	}
	for id := 1; id <= count; id++ {
		ids <- id
	}
	close(ids)
	done.Wait()
}

func load(client *http.Client, url string, workers int, duration time.Duration) {
	end := time.Now().Add(duration)
	var done sync.WaitGroup
	var mutex sync.Mutex
	requests, failures, first := 0, 0, ""
	for i := 0; i < workers; i++ {
		done.Add(1)
		go func(worker int) {
			defer done.Done()
			for n := 0; time.Now().Before(end); n++ {
				id := fmt.Sprintf("%d-%d", worker, n)
				result := get(client, url+"?id="+id, "")
				mutex.Lock()
				requests++
				if result.Error != "" || !strings.HasPrefix(result.Text, "id="+id+" ") {
					failures++
					if first == "" {
						first = result.Error + result.Text
					}
				}
				mutex.Unlock()
			}
		}(i)
	}
	done.Wait()
	line, _ := json.Marshal(map[string]interface{}{"requests": requests, "failures": failures, "first": first})
	fmt.Println(string(line))
}
