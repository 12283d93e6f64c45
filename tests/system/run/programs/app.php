<?php

// A program that was never told of tpmock: the host is written in.
$url = 'https://api.trustpilot.com/v1/business-units/find?name=trustpilotdemo.com';
$key = getenv('TRUSTPILOT_API_KEY');

function by_curl(string $url, string $key): string
{
    $call = curl_init($url);
    curl_setopt_array($call, [CURLOPT_RETURNTRANSFER => true, CURLOPT_HTTPHEADER => ["apikey: $key"]]);
    curl_exec($call);
    return (string) curl_getinfo($call, CURLINFO_RESPONSE_CODE);
}

$found = [];
foreach (array_slice($argv, 1) as $way) {
    if ($way === 'curl') {
        $found[] = by_curl($url, $key);
    } elseif ($way === 'stream') {
        $found[] = strlen(file_get_contents("$url&apikey=$key")) ? explode(' ', $http_response_header[0])[1] : '0';
    } elseif ($way === 'context') {
        $context = stream_context_create(['http' => ['header' => "apikey: $key\r\n", 'ignore_errors' => true]]);
        $found[] = strlen(file_get_contents($url, false, $context)) ? explode(' ', $http_response_header[0])[1] : '0';
    } elseif ($way === 'guzzle') {
        require '/usr/share/php/GuzzleHttp/autoload.php';
        $answer = (new GuzzleHttp\Client())->get($url, ['headers' => ['apikey' => $key]]);
        $found[] = (string) $answer->getStatusCode();
    }
}
echo implode(' ', $found), "\n";
