<?php

// Prepended to PHP scripts by an ini file of tpmock run: https:// streams go through its proxy, which streams do by an
// option of their context only. The curl extension finds the proxy in the environment.

final class TpmockRunStream
{
    /** @var resource|null given by PHP */
    public $context;
    /** @var resource|false */
    private $inner = false;

    public static function lead(): void
    {
        stream_wrapper_unregister('https');
        stream_wrapper_register('https', self::class, STREAM_IS_URL);
    }

    public function stream_open(string $path, string $mode, int $options, ?string &$opened): bool
    {
        $given = $this->context ? stream_context_get_options($this->context) : [];
        $parameters = $this->context ? stream_context_get_params($this->context) : [];
        unset($parameters['options']);
        $proxy = ['proxy' => 'tcp://' . getenv('TPMOCK_RUN_PROXY')];
        $given['http'] = $proxy + ($given['http'] ?? []);
        $context = stream_context_create($given, $parameters);
        stream_wrapper_restore('https');
        try {
            $this->inner = fopen($path, $mode, false, $context);
        } finally {
            self::lead();
        }
        // PHP sets it for the function that opens the stream, which is this one; scripts look for it in theirs.
        if (isset($http_response_header)) {
            $GLOBALS['http_response_header'] = $http_response_header;
        }
        return $this->inner !== false;
    }

    public function stream_read(int $count)
    {
        return fread($this->inner, $count);
    }

    public function stream_eof(): bool
    {
        return feof($this->inner);
    }

    public function stream_stat()
    {
        return fstat($this->inner);
    }

    public function stream_set_option(int $option, int $first, ?int $second): bool
    {
        return match ($option) {
            STREAM_OPTION_BLOCKING => stream_set_blocking($this->inner, (bool) $first),
            STREAM_OPTION_READ_TIMEOUT => stream_set_timeout($this->inner, $first, (int) $second),
            default => false,
        };
    }

    public function stream_close(): void
    {
        fclose($this->inner);
    }
}

if (getenv('TPMOCK_RUN_PROXY') !== false) {
    // For http:// streams without a context of their own.
    stream_context_set_default(['http' => ['proxy' => 'tcp://' . getenv('TPMOCK_RUN_PROXY'), 'request_fulluri' => true]]);
    TpmockRunStream::lead();
}
