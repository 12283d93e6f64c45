// A program that was never told of tpmock: the host is written in.
package main

import (
	"fmt"
	"net/http"
	"os"
)

func main() {
	request, _ := http.NewRequest("GET", "https://api.trustpilot.com/v1/business-units/find?name=trustpilotdemo.com", nil)
	request.Header.Set("apikey", os.Getenv("TRUSTPILOT_API_KEY"))
	client := http.DefaultClient
	if len(os.Args) > 1 && os.Args[1] == "without-proxy" {
		client = &http.Client{Transport: &http.Transport{}}
	}
	answer, err := client.Do(request)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(answer.StatusCode)
}
